/**
 * Node's module hooks in a rank. Each of the user's files is loaded under its own URL, by an `import`, a `require`, or a library
 * that was given a path. So it exists once. The launcher has transformed its code:
 * ```text
 *   import "./state.js" in main.ts ─┐                                ┌─► program.json knows it: the job's directory
 *   require("./state") in old.cjs ──┼─► resolve ─► state.ts ─► load ─┤
 *   import(path) in a library ──────┘                                └─► otherwise late.ts transforms it now
 * ```
 * Few imports here, because every rank reads this file. What few ranks need is in late.ts.
 */
import { readFileSync } from "node:fs";
import { createRequire, isBuiltin } from "node:module";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { attempt } from "./attempt.ts";
import type { LoadContext, Loaded, Next, ResolveContext, Resolved } from "./hook-types.ts";
import type * as late from "./late.ts";
import { type ProgramTable, type TableEntry, tableName } from "./program-table.ts";

const require = createRequire(import.meta.url);
let directory: string | undefined;
let table: ProgramTable | undefined;
let lateModule: typeof late | undefined;

/** Called by Node on the thread of the hooks. In some versions of Node, `require` does not work there. */
export async function initialize(given: { directory: string | undefined }): Promise<void> {
  begin(given.directory);
  lateModule = await import(new URL("late.js", import.meta.url).href);
}

/** Tells the hooks the job's directory. Returns its table. */
export function begin(given: string | undefined): ProgramTable | undefined {
  directory = given;
  table = directory === undefined ? undefined : JSON.parse(readFileSync(join(directory, tableName), "utf8"));
  return table;
}

export function resolve<R>(specifier: string, context: ResolveContext, next: Next<ResolveContext, R>): R | Resolved {
  const { parentURL } = context;
  if (parentURL === undefined) {
    if (specifier === table?.script) return { url: table.entry, shortCircuit: true };
    return next(specifier, context);
  }
  if (isBuiltin(specifier) || !parentURL.startsWith("file:")) return next(specifier, context);
  const known = isRequired(context) ? undefined : entryOf(parentURL)?.imports[specifier];
  if (known !== undefined) return propose(known, context, next);
  if (isForUs(parentURL)) return later().resolve(specifier, context, next);
  if (isInstalled(parentURL)) return next(specifier, context);
  return attempt(
    () => next(specifier, context),
    (error) => later().recover(specifier, parentURL, error),
  );
}

export function load<R>(url: string, context: LoadContext, next: Next<LoadContext, R>): R | Loaded {
  const entry = entryOf(url);
  if (entry === undefined && isForUs(url)) return asLoaded(url, later().load(url), context, next);
  if (/^file:[^?#]*\.json([?#]|$)/.test(url)) {
    const isModule = !isRequired(context) && context.importAttributes?.["type"] === undefined;
    return isModule ? { format: "module", source: jsonModule(url), shortCircuit: true } : next(url, context);
  }
  if (/\/node_modules\/source-map-support\/source-map-support\.js$/.test(url)) {
    const source = readFileSync(fileURLToPath(url), "utf8") + askForCode;
    return asLoaded(url, { format: "commonjs", source }, context, next);
  }
  if (entry?.file === undefined) return next(url, context);
  const source = readFileSync(join(directory as string, entry.file), "utf8");
  return asLoaded(url, { format: entry.format as Loaded["format"], source }, context, next);
}

/**
 * source-map-support reads a file from the disk to find its source map. The lines in stacks are those of the transformed code,
 * so {@link codeAt} gives it that code.
 */
const askForCode = `\nretrieveFileHandlers.unshift((path) => globalThis[Symbol.for("tsmpi.code")]?.(path));\n`;

/** The transformed code of the user's file `path` (or a file: URL), with its source map; undefined for all other files. */
export function codeAt(path: string): string | undefined {
  const url = path.startsWith("file:") ? path : pathToFileURL(path).href;
  const entry = entryOf(url);
  if (entry?.file !== undefined) return readFileSync(join(directory as string, entry.file), "utf8");
  return isForUs(url) ? later().load(url).source : undefined;
}

function isRequired({ conditions = [] }: { readonly conditions?: readonly string[] }): boolean {
  return [...conditions].includes("require"); // a Set in some versions
}

function propose<R>(url: string, context: ResolveContext, next: Next<ResolveContext, R>): R | Resolved {
  const importAttributes = url.endsWith(".json") ? {} : { ...context.importAttributes };
  if (table?.hasPreloads) return next(url, { ...context, importAttributes });
  return { url, shortCircuit: true, importAttributes };
}

/** A URL with another query is another module, with the same code. */
function entryOf(url: string): TableEntry | undefined {
  return table?.modules[url] ?? table?.modules[url.replace(/[?#].*$/s, "")];
}

/**
 * If a hook gives CommonJS to an `import`, Node before 24 runs it with a `require` without hooks. So such an `import` is left
 * to the loader of CommonJS, which required.ts has hooked.
 */
function asLoaded<R>(
  url: string,
  { format, source }: Pick<Loaded, "format" | "source">,
  context: LoadContext,
  next: Next<LoadContext, R>,
): R | Loaded {
  if (format === "commonjs" && !isRequired(context)) return next(url, { ...context, format });
  return { format, source, shortCircuit: true };
}

/** The object that `require` of this file returns. Avoids the warning of Node 20 and 22 that imports of JSON are new. */
function jsonModule(url: string): string {
  return `import { createRequire } from "node:module"; import { fileURLToPath } from "node:url";
const url = ${JSON.stringify(url)};
export default createRequire(url)(fileURLToPath(url));\n`;
}

/** Whether Node cannot run it without the transform. */
function isForUs(url: string): boolean {
  return /^file:[^?#]*\.([mc]?ts|tsx|jsx)([?#]|$)/.test(url) && !/\.d\.[mc]?ts([?#]|$)/.test(url);
}

function isInstalled(url: string): boolean {
  return url.includes("/node_modules/");
}

function later(): typeof late {
  lateModule ??= require("./late.js") as typeof late;
  return lateModule;
}
