import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { InPlace, Module } from "./graph.ts";
import { ScriptError } from "./script-error.ts";

type Modules = ReadonlyMap<string, Module | InPlace>;

/**
 * Checks that each name imported from one of the user's files is exported there.
 * Node would find it too, but on every rank, and with the name of a twin in place of the file's.
 */
export function checkNames(modules: Modules): void {
  for (const importer of modules.values()) {
    if (importer.kind === "other") continue;
    for (const [name, exporter] of wantedBy(importer)) {
      if (!offers(modules, exporter, name, new Set())) throw missing(name, exporter, importer.url);
    }
  }
}

/** The names that a module imports or passes on, with the URL of the file that should have them. */
function* wantedBy({ imports, exports, transformed }: Module): Generator<[name: string, exporter: string]> {
  for (const { at, target } of imports) {
    if (at.type !== "static" || !target) continue;
    // Transformed code has one form: import main, { a, b as c } from "x".
    const clause = transformed.code.slice(at.importStart, at.start);
    const main = /^import\s+([\w$]+)\s*(,|from\b)/.exec(clause);
    if (main) yield ["default", target.url];
    const list = /^import\b[^{"']*\{([^}"']*)\}/.exec(clause)?.[1] ?? "";
    for (const item of list.split(",")) {
      const name = item.trim().split(/\s+/)[0];
      if (name) yield [name, target.url];
    }
  }
  for (const entry of exports) {
    const target = entry.type === "reexport" ? imports[entry.importIndex]?.target : undefined;
    if (entry.type === "reexport" && entry.importName !== null && target) yield [entry.importName, target.url];
  }
}

/** Whether `url` exports `name`; yes when it is not ours to know. */
function offers(modules: Modules, url: string, name: string, seen: Set<string>): boolean {
  const module = modules.get(url);
  if (module === undefined || module.kind === "other" || module.transformed.format === "commonjs") return true;
  if (module.kind === "json") return name === "default";
  if (seen.has(url)) return false;
  seen.add(url);
  return module.exports.some((entry) => {
    if (entry.type !== "reexport-all") return entry.name === name;
    const target = module.imports[entry.importIndex]?.target;
    return name !== "default" && (!target || offers(modules, target.url, name, seen));
  });
}

function missing(name: string, exporter: string, importer: string): ScriptError {
  const [from, into] = [fileURLToPath(exporter), fileURLToPath(importer)];
  const isType = new RegExp(`\\b(interface|type)\\s+${name.replaceAll("$", "\\$")}\\b`).test(
    readFileSync(from, "utf8"),
  );
  const hint = isType ? "; it is a type there, so say `import type` or `export type`" : "";
  return new ScriptError(1, `${into}: "${name}" is not exported by ${from}${hint}`);
}
