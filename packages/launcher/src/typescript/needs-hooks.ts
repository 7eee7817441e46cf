import { fileURLToPath } from "node:url";
import type { InPlace, Module } from "./graph.ts";
import { isInstalled } from "./kind.ts";
import { isJsonUrl } from "./mirror.ts";
import type { NodeSettings } from "./node-settings.ts";

/**
 * Whether untransformed code, or a name that is known only at run time, may reach a user's file. Then ranks need hooks, or the
 * file would be loaded twice. Hooks cost 83 ms on each rank if Node cannot run them in place, so this finds the programs that
 * do without: they have only modules and packages.
 */
export function needsHooks(modules: ReadonlyMap<string, Module | InPlace>, settings: NodeSettings): boolean {
  if (settings.hasPreloads) return true;
  const all = [...modules.values()];
  const givesPaths = all.some(namesFiles);
  return all.some((module) =>
    module.kind === "other" ? loadsOthers(module) : isOpen(module) || (givesPaths && hasLibrary(module)),
  );
}

/** Whether CommonJS may load the user's files. If not, it is like a library. */
function loadsOthers({ url, source }: InPlace): boolean {
  return !isInstalled(fileURLToPath(url)) && /\b(require|import)\s*\(\s*(?!["'](node:)?[a-z@])/.test(source);
}

/** Whether it imports by names that are known only at run time, or loads modules in other ways, or starts Node, or uses JavaScript of its workspace. */
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

/** Whether it is JavaScript that is not installed, but was found by the name of a package. */
function isWorkspace(name: string, url: string): boolean {
  return !isInstalled(fileURLToPath(url)) && !/\.json$/.test(url) && !/^(tsmpi|@tsmpi\/)/.test(name);
}

/** Whether it imports a library that may load files by name: a runner of migrations, a registry of plugins. */
function hasLibrary({ imports }: Module): boolean {
  return imports.some(
    ({ at, target }) =>
      target?.own === false && target.url.startsWith("file:") && !/^(tsmpi|@tsmpi\/)/.test(at.specifier ?? ""),
  );
}

/** Whether the file uses its own path, or has a string that looks like the name of a file with code. */
function namesFiles(module: Module | InPlace): boolean {
  if (module.kind === "other" || module.kind === "json") return false;
  const imported = new Set(module.imports.map(({ at }) => at.specifier));
  const { code } = module.transformed;
  if (/\bimport\.meta\.(url|dirname|filename|resolve)\b|\b__(dirname|filename)\b|\bprocess\.cwd\(/.test(code))
    return true;
  return [...code.matchAll(/["'`]([^"'`\n]*\.[mc]?[jt]s)["'`]/g)].some(([, text]) => !imported.has(text));
}
