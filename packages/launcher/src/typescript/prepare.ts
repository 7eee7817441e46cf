import { accessSync, constants, readFileSync, realpathSync, statSync } from "node:fs";
import { extname, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { belowHome } from "../seen-paths.ts";
import { checkNames } from "./exports.ts";
import { graph, type Module } from "./graph.ts";
import { isInstalled } from "./kind.ts";
import { mirrorName } from "./mirror.ts";
import type { Program } from "./program.ts";
import { rewrite } from "./rewrite.ts";
import { ScriptError } from "./script-error.ts";
import { endTransforms } from "./transform.ts";

const endings = [".ts", ".mts", ".js", ".mjs", ".cjs"];

/** A file of the user's project before the transform. */
export interface Source {
  readonly path: string;
  readonly text: string;
}

/** The program that is sent to the hosts, and its source files for the launcher, the script first. */
export interface Prepared {
  readonly program: Program;
  readonly sources: readonly Source[];
}

/**
 * Makes a script ready to run on any number of ranks: finds the user's files that it imports and transforms each once.
 *
 * Throws ScriptError when there is no such script, when a file in it is not correct, or when it imports what is not
 * there.
 *
 *     const { program } = await prepare("pi.ts");
 *     materialise(program, directory);               // on every host
 *     const { file, args } = command(program, directory, ["1000"], []);
 */
export async function prepare(script: string): Promise<Prepared> {
  check(script);
  const path = belowHome(resolve(script));
  const entry = pathToFileURL(belowHome(realpathSync(path))).href;
  try {
    const modules = await graph(entry);
    checkNames(modules);
    const isMirrored = (url: string) => typeof modules.get(url) === "object";
    const files = [...modules].flatMap(([url, module]) =>
      module === "in place" ? [] : [{ name: mirrorName(url), contents: rewrite(module, isMirrored, url === entry) }],
    );
    const program = isMirrored(entry)
      ? { script: path, entry: mirrorName(entry), hooks: false, files }
      : // CommonJS runs where it is; only with hooks can it import modules that are to be transformed.
        { script: path, entry: undefined, hooks: /\bimport\s*\(/.test(readFileSync(path, "utf8")), files };
    return { program, sources: [...modules.values()].flatMap(sourceOf) };
  } finally {
    await endTransforms();
  }
}

function sourceOf(module: Module | "in place"): Source[] {
  if (module === "in place" || module.kind === "json") return [];
  const path = fileURLToPath(module.url);
  return isInstalled(path) ? [] : [{ path, text: module.source }];
}

function check(script: string): void {
  try {
    if (statSync(script).isDirectory()) throw new ScriptError(2, `${script} is a folder, not a script`);
    if (!endings.includes(extname(script))) {
      throw new ScriptError(
        2,
        `${script} is not a script: its name should end in ${endings.slice(0, -1).join(", ")} or ${endings.at(-1)}`,
      );
    }
    accessSync(script, constants.R_OK);
  } catch (error) {
    if (error instanceof ScriptError) throw error;
    const { code } = error as NodeJS.ErrnoException;
    const why = code === "ENOENT" || code === "ENOTDIR" ? "there is no such file" : `it cannot be read (${code})`;
    throw new ScriptError(2, `cannot run ${script}: ${why}`, { cause: error });
  }
}
