import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { Message, TransformFailure, TransformOptions, TransformResult } from "esbuild";
import { LaunchError } from "../launch-error.ts";
import { cache, keyOf } from "./cache.ts";
import { transform as byEsbuild } from "./esbuild.ts";
import { isTypeScript } from "./kind.ts";
import { ScriptError } from "./script-error.ts";
import { compilerOptions } from "./tsconfig.ts";

export { end as endTransforms } from "./esbuild.ts";

/** A file as JavaScript that Node 20 runs. Nothing in it depends on where the file lies, so that it can be cached. */
export interface Transformed {
  readonly code: string;

  /** The `mappings` of the source map, version 3. */
  readonly mappings: string;
  readonly names: readonly string[];
}

const require = createRequire(import.meta.url);
let version: string | undefined;

/** Transforms the text of the file at `path`. Throws ScriptError with a code frame when it is not correct. */
export async function transform(path: string, source: string): Promise<Transformed> {
  const { key, options, known } = prepare(path, source);
  if (known) return known;
  try {
    return remember(key, await byEsbuild(source, options));
  } catch (error) {
    return refuse(path, error);
  }
}

/** `transform` for hooks that cannot wait: it starts the transformer anew for each file. */
export function transformSync(path: string, source: string): Transformed {
  const { key, options, known } = prepare(path, source);
  if (known) return known;
  try {
    const { transformSync } = require("esbuild") as typeof import("esbuild");
    return remember(key, transformSync(source, options));
  } catch (error) {
    return refuse(path, error);
  }
}

function prepare(
  path: string,
  source: string,
): { key: string; options: TransformOptions; known: Transformed | undefined } {
  const loader = isTypeScript(path) ? "ts" : "js";
  const options: TransformOptions = {
    loader,
    format: "esm",
    target: "node20.19",
    sourcemap: "external",
    sourcesContent: false,
    logLevel: "silent",
    tsconfigRaw: { compilerOptions: loader === "ts" ? compilerOptions(path) : {} },
  };
  version ??= (JSON.parse(readFileSync(require.resolve("esbuild/package.json"), "utf8")) as { version: string })
    .version;
  const key = keyOf("1", version, JSON.stringify(options), source);
  return { key, options, known: cache().get(key) as Transformed | undefined };
}

function remember(key: string, { code, map }: TransformResult): Transformed {
  const { mappings, names } = JSON.parse(map) as Transformed;
  // A mark for the shell is of no use any more, and would have to stay the first line.
  const script = code.replace(/^#!/, "//");
  const prefix = commonJSNames(code);
  const transformed = prefix
    ? { code: `${prefix}\n${script}`, mappings: `;${mappings}`, names }
    : { code: script, mappings, names };
  cache().set(key, transformed);
  return transformed;
}

/** TypeScript that was written for CommonJS (`import x = require("y")`, `__dirname`) becomes a module that has these names. */
function commonJSNames(code: string): string {
  const uses = (name: string) =>
    new RegExp(`(?<![.\\w$])${name}\\b`).test(code) &&
    !new RegExp(`\\b(const|let|var|function|import|as)\\s+${name}\\b`).test(code);
  return [
    uses("require") &&
      'import { createRequire as $createRequire } from "node:module"; var require = $createRequire(import.meta.url);',
    uses("__filename") && "var __filename = import.meta.filename;",
    uses("__dirname") && "var __dirname = import.meta.dirname;",
  ]
    .filter(Boolean)
    .join(" ");
}

function refuse(path: string, error: unknown): never {
  const messages = (error as TransformFailure).errors;
  if (error instanceof LaunchError) throw error;
  if (!messages) throw new ScriptError(1, `cannot transform ${path}: ${(error as Error).message}`, { cause: error });
  throw new ScriptError(1, messages.map((message) => describe(path, message)).join("\n\n"));
}

/** As compilers say it: where, what, and the line with a mark under it. */
function describe(path: string, { text, location }: Message): string {
  if (!location) return `${path}: ${text}`;
  // esbuild counts bytes of UTF-8 from 0; editors count characters from 1.
  const before = Buffer.from(location.lineText).subarray(0, location.column).toString();
  const margin = `${location.line} | `;
  const indent = `${" ".repeat(margin.length - 2)}| ${before.replace(/[^\t]/g, " ")}`;
  const mark = "^".repeat(Math.max(1, location.length));
  return `${path}:${location.line}:${before.length + 1}: ${text}\n\n${margin}${location.lineText}\n${indent}${mark}`;
}
