import { realpathSync, statSync } from "node:fs";
import { isBuiltin } from "node:module";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { moduleResolve } from "import-meta-resolve";
import { belowHome } from "../system/seen-paths.ts";
import { isInstalled, isTypeScript } from "./kind.ts";
import { type NodeSettings, ownSettings } from "./node-settings.ts";
import { aliases } from "./tsconfig.ts";

/** The target of an import. */
export interface Target {
  /** An absolute URL. Of a file, it has the real path as in Node, but below HOME if HOME is a link. */
  readonly url: string;

  /** Whether it is the user's own file, which is transformed if it is TypeScript or a module. */
  readonly own: boolean;
}

/** The real path: packages that tsmpi needs are beside the real one, and may not be beside a link to it. */
const self = import.meta.url;
const conditions = ["node", "import", ...(process.features.require_module ? ["module-sync"] : [])];

/**
 * Finds what `specifier` means in the file `parent` (a URL): by the rules of Node for ES modules, and for the user's own files
 * by those of TypeScript. There `./x.js` may mean x.ts, `./x` may mean x.ts or x/index.ts, and tsconfig's `paths` count.
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

/** Whether a specifier is a relative or absolute path. */
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

/** A package of the user's workspace is not transformed, like an installed one, unless it is TypeScript. */
function asTarget(path: string, suffix: string, specifier: string, { preserveSymlinks }: NodeSettings): Target {
  const real = preserveSymlinks ? path : belowHome(realpathSync(path));
  const bare = !/^([./#]|file:)/.test(specifier);
  return {
    url: pathToFileURL(real).href + suffix,
    own: isTypeScript(real) || !(bare || isInstalled(real)),
  };
}

/** The file meant by `path`. A TypeScript importer writes `./x.js` for x.ts, so the source comes first there. */
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

/** The launcher's own copy of tsmpi, for a user with a global tsmpi and nothing installed beside the script. */
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
