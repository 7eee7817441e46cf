import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { commonJSNames } from "./commonjs-names.ts";
import type { InPlace, Module } from "./graph.ts";
import type { NodeSettings } from "./node-settings.ts";
import { ScriptError } from "./script-error.ts";

type Modules = ReadonlyMap<string, Module | InPlace>;

/**
 * Checks that each name imported from one of the user's files is exported there. Node checks it too, but on every rank, and
 * its message would name the transformed copy instead of the user's file.
 */
export function checkNames(modules: Modules, { hasPreloads }: NodeSettings): void {
  for (const importer of modules.values()) {
    if (importer.kind === "other") continue;
    for (const [name, exporter, specifier] of wantedBy(importer)) {
      if (!hasPreloads && hides(exporter, name)) throw hidden(name, specifier, importer.url);
      if (!offers(modules, exporter, name, new Set())) throw missing(name, exporter, importer.url);
    }
  }
}

/** A name that a module imports or exports again, the URL of the file that should have it, and the file's specifier. */
type Wanted = [name: string, exporter: string, specifier: string];

function* wantedBy({ imports, exports, transformed }: Module): Generator<Wanted> {
  for (const { at, target } of imports) {
    if (at.type !== "static" || !target) continue;
    for (const name of importedNames(transformed.code.slice(at.importStart, at.start)))
      yield [name, target.url, at.specifier];
  }
  for (const entry of exports) {
    if (entry.type !== "reexport" || entry.importName === null) continue;
    const { at, target } = imports[entry.importIndex] ?? {};
    if (at?.specifier && target) yield [entry.importName, target.url, at.specifier];
  }
}

/** The names in an import of transformed code, which has one form: `import main, { a, b as c } from "x"`. */
function importedNames(clause: string): string[] {
  const hasDefault = /^import\s+([\w$]+)\s*(,|from\b)/.test(clause);
  const list = /^import\b[^{"']*\{([^}"']*)\}/.exec(clause)?.[1] ?? "";
  const names = list.split(",").flatMap((item) => item.trim().split(/\s+/)[0] || []);
  return hasDefault ? ["default", ...names] : names;
}

/** Whether `url` exports `name`; true for files that are not transformed here. */
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

/** Whether Node will not find `name` in a CommonJS file: it reads the names from the text. */
function hides(url: string, name: string): boolean {
  if (!/^file:[^?#]*\.c?js([?#]|$)/.test(url) || ["default", "module.exports"].includes(name)) return false;
  return commonJSNames(fileURLToPath(url))?.has(name) === false;
}

/** Node's own message, which every rank would show. */
function hidden(name: string, specifier: string, importer: string): ScriptError {
  const advice = `import pkg from '${specifier}';\nconst { ${name} } = pkg;`;
  return new ScriptError(
    1,
    `${fileURLToPath(importer)}: Named export '${name}' not found. The requested module '${specifier}' is a CommonJS module, which may not support all module.exports as named exports.\nCommonJS modules can always be imported via the default export, for example using:\n\n${advice}`,
  );
}

function missing(name: string, exporter: string, importer: string): ScriptError {
  const [from, into] = [fileURLToPath(exporter), fileURLToPath(importer)];
  const isType = new RegExp(`\\b(interface|type)\\s+${name.replaceAll("$", "\\$")}\\b`).test(
    readFileSync(from, "utf8"),
  );
  const hint = isType ? "; it is a type there, so say `import type` or `export type`" : "";
  return new ScriptError(1, `${into}: "${name}" is not exported by ${from}${hint}`);
}
