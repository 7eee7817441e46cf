import { fileURLToPath } from "node:url";
import type { InPlace, Module } from "./graph.ts";
import { isInstalled } from "./kind.ts";
import { isJsonUrl } from "./mirror.ts";
import type { NodeSettings } from "./node-settings.ts";

/**
 * Whether a user's file may be reached by code that we do not transform, or by a name that is known only at run time. Then
 * ranks need hooks, or the file would be loaded twice. Node without hooks in place pays 83 ms for them on each rank, so this tells
 * the programs apart that do without: they have modules and packages only.
 */
export function needsHooks(modules: ReadonlyMap<string, Module | InPlace>, settings: NodeSettings): boolean {
  if (settings.hasPreloads) return true;
  const all = [...modules.values()];
  const givesPaths = all.some(namesFiles);
  return all.some((module) =>
    module.kind === "other" ? loadsOthers(module) : isOpen(module) || (givesPaths && hasLibrary(module)),
  );
}

/** CommonJS that loads nothing of the user's is as good as a library. */
function loadsOthers({ url, source }: InPlace): boolean {
  return !isInstalled(fileURLToPath(url)) && /\b(require|import)\s*\(\s*(?!["'](node:)?[a-z@])/.test(source);
}

/** What it imports is known only when it runs; or it loads modules by other means, starts Node anew, or belongs to a workspace with JavaScript of its own. */
function isOpen({ transformed, imports }: Module): boolean {
  if (transformed.format === "commonjs") return true;
  return imports.some(({ at, target }) => {
    const name = at.specifier ?? "";
    if (at.type === "import-meta") return !/^\.(url|filename|dirname|main)\b/.test(transformed.code.slice(at.end));
    if (at.type === "dynamic" && (target === undefined || (at.attributesStart >= 0 && !isJsonUrl(target.url))))
      return true;
    if (/^(node:)?(module|worker_threads|child_process|cluster)$/.test(name)) return true;
    return target !== undefined && !target.own && target.url.startsWith("file:") && isWorkspace(name, target.url);
  });
}

/** JavaScript which is not installed, and was found by a name of a package. */
function isWorkspace(name: string, url: string): boolean {
  return !isInstalled(fileURLToPath(url)) && !/\.json$/.test(url) && !/^(tsmpi|@tsmpi\/)/.test(name);
}

/** A library that may import a file which the program names to it: a runner of migrations, a registry of plugins. */
function hasLibrary({ imports }: Module): boolean {
  return imports.some(
    ({ at, target }) =>
      target?.own === false && target.url.startsWith("file:") && !/^(tsmpi|@tsmpi\/)/.test(at.specifier ?? ""),
  );
}

/** The file says where it is, or has a string that looks like the name of a file with code. */
function namesFiles(module: Module | InPlace): boolean {
  if (module.kind === "other" || module.kind === "json") return false;
  const imported = new Set(module.imports.map(({ at }) => at.specifier));
  const { code } = module.transformed;
  if (/\bimport\.meta\.(url|dirname|filename|resolve)\b|\b__(dirname|filename)\b|\bprocess\.cwd\(/.test(code))
    return true;
  return [...code.matchAll(/["'`]([^"'`\n]*\.[mc]?[jt]s)["'`]/g)].some(([, text]) => !imported.has(text));
}
