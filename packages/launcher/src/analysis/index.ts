import { relative } from "node:path";
import { addressesAreFew } from "../system/resource-limits.ts";
import { cache, keyOf } from "../typescript/cache.ts";
import type { Source } from "../typescript/index.ts";
import { differingCaptures } from "./captured.ts";
import { Communicators } from "./communicators.ts";
import { Differences } from "./differences.ts";
import { missingAwaits } from "./promises.ts";
import { Scopes } from "./scopes.ts";
import { isSuspicious } from "./suspicion.ts";
import type { Node } from "./syntax.ts";

/** Raise it with each change of the analysis: the cache holds warnings of earlier runs. */
const edition = "1";
/** Bounds the time. A larger program was mostly generated. */
const mostFiles = 100;
const mostCharacters = 100_000;

/**
 * Warnings about slips that are visible in the source, as `main.ts:9: what is wrong; what to write`, in source order.
 * Paths are relative to `directory`, the working directory of the ranks, as they are in warnings at run time.
 *
 * Throws if the parser has no binary for this machine, or no room.
 */
export async function slips(sources: readonly Source[], directory: string): Promise<string[]> {
  const texts: string[] = [];
  for (const { path, text } of sources.slice(0, mostFiles)) {
    if (text.length > mostCharacters || !isSuspicious(text)) continue;
    const near = relative(directory, path);
    const name = near.startsWith("..") ? path : near;
    const key = keyOf("slips", edition, name, text);
    const known = cache().get(key) as string[] | undefined;
    const found = known ?? (await analyse(name, text));
    if (known === undefined) cache().set(key, found);
    await new Promise(setImmediate); // lets the launcher serve its ranks
    texts.push(...found);
  }
  return texts;
}

async function analyse(name: string, text: string): Promise<string[]> {
  // Its allocator starts with a gigabyte of addresses, and aborts the launcher if it cannot have more.
  if (addressesAreFew()) throw new Error("the limit of addresses is too low for the parser (ulimit -v, ulimit -d)");
  const { parseSync } = await import("oxc-parser");
  const lang = /\.[mc]?js$/.test(name) ? "js" : "ts";
  const { program, errors } = parseSync(name, text, {
    lang,
    astType: "ts",
    sourceType: "module",
    preserveParens: false,
  });
  if (errors.length > 0) return [];
  const site = (node: Node): string => `${name}:${lineOf(text, node.start)}`;
  const scopes = new Scopes(program);
  const communicators = new Communicators(scopes);
  const differences = new Differences(scopes, communicators);
  const found = [
    ...missingAwaits(scopes, communicators, text),
    ...differingCaptures(scopes, communicators, differences, site),
  ];
  found.sort((a, b) => a.at.start - b.at.start);
  return [...new Set(found.map((each) => `${site(each.at)}: ${each.text}`))];
}

function lineOf(text: string, offset: number): number {
  let line = 1;
  for (let at = text.indexOf("\n"); at >= 0 && at < offset; at = text.indexOf("\n", at + 1)) line++;
  return line;
}
