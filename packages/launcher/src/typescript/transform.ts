import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { Message, TransformFailure, TransformOptions, TransformResult } from "esbuild";
import { LaunchError } from "../errors/launch-error.ts";
import { cache, keyOf } from "./cache.ts";
import { transform as byEsbuild, esbuildFile } from "./esbuild.ts";
import { hasModuleSyntax, isCommonJS, packageType } from "./kind.ts";
import { ScriptError } from "./script-error.ts";
import { compilerOptions } from "./tsconfig.ts";

export { end as endTransforms } from "./esbuild.ts";

/** A file as JavaScript for Node 20. It does not depend on the file's path, so that it can be cached. */
export interface Transformed {
  readonly code: string;

  /** The `mappings` of the source map, version 3. */
  readonly mappings: string;
  readonly names: readonly string[];

  /** A module, unless the file was written for CommonJS. */
  readonly format: "module" | "commonjs";
}

const require = createRequire(import.meta.url);
let version: string | undefined;

/** Transforms the text of the file at `path`. Throws ScriptError with a code frame if it has a mistake. */
export async function transform(path: string, source: string): Promise<Transformed> {
  const { key, text, options, known } = prepare(path, source);
  if (known) return known;
  try {
    const result = await byEsbuild(text, options);
    const format = otherFormat(path, result, options);
    return remember(path, key, format ? await byEsbuild(text, { ...options, format }) : result);
  } catch (error) {
    return refuse(path, error);
  }
}

/** `transform` for hooks, which are synchronous. Starts esbuild for each file. */
export function transformSync(path: string, source: string): Transformed {
  const { key, text, options, known } = prepare(path, source);
  if (known) return known;
  try {
    const { transformSync } = require(esbuildFile()) as typeof import("esbuild");
    const result = transformSync(text, options);
    const format = otherFormat(path, result, options);
    return remember(path, key, format ? transformSync(text, { ...options, format }) : result);
  } catch (error) {
    return refuse(path, error);
  }
}

interface Work {
  readonly key: string;
  readonly text: string;
  readonly options: TransformOptions;
  readonly known: Transformed | undefined;
}

function prepare(path: string, source: string): Work {
  const loader = loaderOf(path);
  const text = source.replace(/^\uFEFF/, ""); // else a `#!` after it is wrong
  const options: TransformOptions = {
    loader,
    // Without a format esbuild leaves `import` and `require` unchanged; for a module it would wrap `module`.
    ...(path.endsWith(".cts") ? { format: "cjs" } : {}),
    target: "node20.19",
    sourcemap: "external",
    sourcesContent: false,
    logLevel: "silent",
    tsconfigRaw: { compilerOptions: loader === "js" ? {} : compilerOptions(path) },
  };
  version ??= (JSON.parse(readFileSync(require.resolve("esbuild/package.json"), "utf8")) as { version: string })
    .version;
  const key = keyOf("3", version, JSON.stringify(options), String(mayBeCommonJS(path)), text);
  return { key, text, options, known: cache().get(key) as Transformed | undefined };
}

function loaderOf(path: string): "ts" | "tsx" | "jsx" | "js" {
  if (/\.[mc]?js$/.test(path)) return "js";
  if (path.endsWith(".jsx")) return "jsx";
  return path.endsWith(".tsx") ? "tsx" : "ts";
}

/** Whether the text decides if TypeScript is CommonJS: name and package do not, as in Node. */
function mayBeCommonJS(path: string): boolean {
  return loaderOf(path) !== "js" && !path.endsWith(".mts") && packageType(path) !== "module";
}

/** The format for a second transform: `export =` beside `import` makes a file that is neither a module nor CommonJS. */
function otherFormat(path: string, { code }: TransformResult, { format }: TransformOptions): "cjs" | undefined {
  const exports = /(?<![.\w$])(module\.exports|exports\.[\w$]+)\s*=(?!=)/;
  return format === undefined && mayBeCommonJS(path) && exports.test(code) && hasModuleSyntax(code) ? "cjs" : undefined;
}

function remember(path: string, key: string, { code, map }: TransformResult): Transformed {
  const { mappings, names } = JSON.parse(map) as Transformed;
  // The first line for the shell is not needed any more, and would have to stay the first line.
  const script = code.replace(/^#!/, "//");
  const format = usesCommonJS(path, code) ? "commonjs" : "module";
  const prefix = format === "module" && commonJSNames(code);
  const transformed: Transformed = prefix
    ? { code: `${prefix}\n${script}`, mappings: `;${mappings}`, names, format }
    : { code: script, mappings, names, format };
  cache().set(key, transformed);
  return transformed;
}

function usesCommonJS(path: string, code: string): boolean {
  if (path.endsWith(".cts")) return true;
  return mayBeCommonJS(path) && commonJS.some((name) => uses(name, code)) && isCommonJS(path, code);
}

/** Names that exist only in CommonJS. */
const commonJS = ["require", "module", "exports", "__filename", "__dirname"];

function uses(name: string, code: string): boolean {
  return (
    new RegExp(`(?<![.\\w$])${name}\\b`).test(code) &&
    !new RegExp(`\\b(const|let|var|function|import|as)\\s+${name}\\b`).test(code)
  );
}

/** A module that was written for a compiler to CommonJS (`import x = require("y")`, `__dirname`) gets these names. */
function commonJSNames(code: string): string {
  // if (require.main === module) main();
  const asksForMain = /\brequire\.main\s*[!=]==?\s*module\b|\bmodule\s*[!=]==?\s*require\.main\b/.test(code);
  return [
    uses("require", code) &&
      'import { createRequire as $createRequire } from "node:module"; var require = $createRequire(import.meta.url);',
    asksForMain && "var module = { exports: {} }; if (import.meta.main) require.main = module;",
    uses("__filename", code) && "var __filename = import.meta.filename;",
    uses("__dirname", code) && "var __dirname = import.meta.dirname;",
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

/** In a compiler's form: place, text, and the line with a mark under it. */
function describe(path: string, { text, location }: Message): string {
  if (!location) return `${path}: ${text}`;
  // esbuild counts bytes of UTF-8 from 0; editors count characters from 1.
  const before = Buffer.from(location.lineText).subarray(0, location.column).toString();
  const margin = `${location.line} | `;
  const indent = `${" ".repeat(margin.length - 2)}| ${before.replace(/[^\t]/g, " ")}`;
  const mark = "^".repeat(Math.max(1, location.length));
  return `${path}:${location.line}:${before.length + 1}: ${text}\n\n${margin}${location.lineText}\n${indent}${mark}`;
}
