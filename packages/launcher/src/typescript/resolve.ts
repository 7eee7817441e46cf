import { realpathSync, statSync } from "node:fs";
import { isBuiltin } from "node:module";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { moduleResolve } from "import-meta-resolve";
import { builtFile } from "../system/package-files.ts";
import { belowHome } from "../system/seen-paths.ts";
import { isInstalled, isTypeScript } from "./kind.ts";
import { type NodeSettings, ownSettings } from "./node-settings.ts";
import { aliases } from "./tsconfig.ts";

/** Where an import leads. */
export interface Target {
  /** An absolute URL; of a real path when it is a file, as Node does, but below HOME where HOME is a link. */
  readonly url: string;

  /** The user's own file, to be transformed when it is TypeScript or a module; otherwise it is left where it is. */
  readonly own: boolean;
}

const self = builtFile("index.js").href;
const conditions = ["node", "import", ...(process.features.require_module ? ["module-sync"] : [])];

/**
 * Finds what `specifier` means in the file `parent` (a URL), by the rules of Node for ES modules, and those of
 * TypeScript for one's own files: `./x.js` may mean x.ts, `./x` x.ts or x/index.ts, and tsconfig's `paths` count.
 *
 * Throws an error with `code` ERR_MODULE_NOT_FOUND and the like, as Node does, in a sentence that names both.
 */
export function resolve(specifier: string, parent: string, settings: NodeSettings = ownSettings()): Target {
  if (isBuiltin(specifier)) return { url: specifier.replace(/^(?!node:)/, "node:"), own: false };
  if (isPath(specifier)) return resolveFile(specifier, parent, settings);
  if (URL.canParse(specifier)) return { url: specifier, own: false };

  for (const candidate of aliases(specifier, fileURLToPath(parent))) {
    const found = find(candidate, parent);
    if (found) return asTarget(found, "", specifier, settings);
  }
  try {
    const wanted = new Set([...conditions, ...settings.conditions]);
    const url = moduleResolve(specifier, new URL(parent), wanted, settings.preserveSymlinks);
    return asTarget(fileURLToPath(url), url.search + url.hash, specifier, settings);
  } catch (error) {
    return fallBack(specifier, parent, error as NodeJS.ErrnoException & { url?: string }, settings);
  }
}

/** Whether a specifier names a file by its place, relative or absolute. */
export function isPath(specifier: string): boolean {
  return /^(\.{0,2}\/|\.{1,2}$|file:)/.test(specifier);
}

function resolveFile(specifier: string, parent: string, settings: NodeSettings): Target {
  const url = new URL(specifier, parent);
  const path = fileURLToPath(url);
  const found = find(path, parent);
  if (!found)
    throw notFound(specifier, parent, isFolder(path) ? "is a folder without an index file" : "does not exist");
  return asTarget(found, url.search + url.hash, specifier, settings);
}

/** A package of one's own workspace is left in place like an installed one, unless only we can run it. */
function asTarget(path: string, suffix: string, specifier: string, { preserveSymlinks }: NodeSettings): Target {
  const real = preserveSymlinks ? path : belowHome(realpathSync(path));
  const bare = !/^([./#]|file:)/.test(specifier);
  return {
    url: pathToFileURL(real).href + suffix,
    own: isTypeScript(real) || !(bare || isInstalled(real)),
  };
}

/** The file meant by `path`. A TypeScript importer says `./x.js` for x.ts, so there the source is preferred. */
function find(path: string, parent: string): string | undefined {
  const written = [path.replace(/\.([mc]?)js$/, ".$1ts"), path.replace(/\.jsx?$/, ".tsx")].filter(
    (way) => way !== path,
  );
  const exact = isTypeScript(parent) ? [...written, path] : [path, ...written];
  const guesses = [".ts", ".tsx", ".mts", ".cts", ".js", ".jsx", ".mjs", ".cjs", ".json"];
  return [...exact, ...guesses.map((end) => path + end), ...guesses.map((end) => join(path, `index${end}`))].find(
    isFile,
  );
}

function fallBack(
  specifier: string,
  parent: string,
  error: NodeJS.ErrnoException & { url?: string },
  settings: NodeSettings,
): Target {
  if (error.code === "ERR_MODULE_NOT_FOUND" || error.code === "ERR_UNSUPPORTED_DIR_IMPORT") {
    // "#lib/x.js" or a workspace package whose exports name x.js where only x.ts is written.
    const found = error.url?.startsWith("file:") ? find(fileURLToPath(error.url), "x.ts") : undefined;
    if (found) return asTarget(found, "", specifier, settings);
    const own = ownCopy(specifier);
    if (own) return { url: own, own: false };
    if (!error.url) throw notFound(specifier, parent, "is not installed");
  }
  throw Object.assign(
    new Error(`${error.message.replace(/[\s.]+$/, "")} (import "${specifier}" in ${fileURLToPath(parent)})`),
    { code: error.code },
  );
}

/** A user with a global tsmpi, and nothing beside the script, gets the copy that belongs to the launcher. */
function ownCopy(specifier: string): string | undefined {
  if (!/^(tsmpi|@tsmpi\/core)(\/|$)/.test(specifier)) return undefined;
  try {
    const { href } = moduleResolve(specifier, new URL(self), new Set(conditions), false);
    return pathToFileURL(belowHome(fileURLToPath(href))).href;
  } catch {
    return undefined;
  }
}

function notFound(specifier: string, parent: string, why: string): Error {
  const message = `cannot find "${specifier}" imported from ${fileURLToPath(parent)}: it ${why}`;
  return Object.assign(new Error(message), { code: "ERR_MODULE_NOT_FOUND" });
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}
