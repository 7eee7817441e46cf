import { pathToFileURL } from "node:url";
import type { InPlace, Module } from "./graph.ts";
import { mirrorName } from "./mirror.ts";
import type { Program } from "./program.ts";
import { type ProgramTable, type TableEntry, tableName } from "./program-table.ts";
import { sourceMap } from "./source-map.ts";

interface Start extends Pick<ProgramTable, "entry" | "name" | "hasPreloads"> {
  readonly path: string;
}

/** The program for ranks with hooks: each file's transformed code, and a table of what each import means. */
export function hookedProgram({ path, ...start }: Start, modules: ReadonlyMap<string, Module | InPlace>): Program {
  const transformed = [...modules.values()].filter((module) => module.kind !== "other");
  const entries = transformed.map((module) => [module.url, entryOf(module, start.hasPreloads)]);
  const table: ProgramTable = { script: pathToFileURL(path).href, ...start, modules: Object.fromEntries(entries) };
  const files = transformed.flatMap((module) =>
    module.kind === "json"
      ? []
      : [{ name: mirrorName(module.url), contents: codeOf(module, module.url === start.entry) }],
  );
  return { script: path, twin: undefined, files: [{ name: tableName, contents: JSON.stringify(table) }, ...files] };
}

function entryOf({ url, kind, transformed, imports }: Module, hasPreloads: boolean): TableEntry {
  const known = imports.flatMap(({ at, target }) => {
    if (!target || at.type === "import-meta" || at.specifier === undefined || at.phase !== null) return [];
    // Node finds these itself, and a preload of the user may give a package another meaning.
    if (target.url.startsWith("node:") || (hasPreloads && !target.own)) return [];
    return [[at.specifier, target.url]];
  });
  const format = kind === "json" ? kind : transformed.format;
  return { format, ...(kind === "json" ? {} : { file: mirrorName(url) }), imports: Object.fromEntries(known) };
}

function codeOf(module: Module, isEntry: boolean): string {
  const { transformed, imports } = module;
  // Node 20 does not know `import.meta.main`.
  const asksForMain = imports.some(
    ({ at }) => at.type === "import-meta" && /^\.main\b/.test(transformed.code.slice(at.end)),
  );
  const header = asksForMain ? [`import.meta.main ??= ${isEntry};`] : [];
  return [...header, transformed.code, sourceMap(module, header.length)].join("\n");
}
