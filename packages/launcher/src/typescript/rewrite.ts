import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import type { Link, Module } from "./graph.ts";
import { Header } from "./header.ts";
import { isJsonUrl, mirrorName } from "./mirror.ts";
import { sourceMap } from "./source-map.ts";

/** A replacement of `code.slice(start, end)`. */
interface Edit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/**
 * The text of a module's twin in the job's directory. Its imports lead to other twins, or by absolute URL to files that are not
 * transformed. `import.meta` describes the original file.
 *
 * All added code is one line before the module's code, and replacements within a line keep its length. So the source map
 * stays right.
 */
export function rewrite(module: Module, isMirrored: (url: string) => boolean, isEntry: boolean): string {
  const { url, kind, transformed, imports } = module;
  if (kind === "json") return jsonModule(url);
  const { code } = transformed;
  const address = (target: string) => JSON.stringify(isMirrored(target) ? `./${mirrorName(target)}` : target);

  const header = new Header(code);
  if (isEntry) header.imports("boot.js");
  describeItself(module, isEntry, header);
  const edits = imports.flatMap((link, index) => edit(link, `$i${index}`, module, header, address) ?? []);
  return [header, apply(edits, code), sourceMap(module, 1)].join("\n");
}

function edit(
  { at, target }: Link,
  thunk: string,
  { transformed }: Module,
  header: Header,
  address: (url: string) => string,
): Edit | undefined {
  if (at.type === "import-meta" || at.phase !== null) return undefined;
  const isJson = target !== undefined && isJsonUrl(target.url);
  if (at.type !== "dynamic") {
    // The twin of a JSON file is a module, which must be imported without `with { type: "json" }`.
    return target && { start: at.start - 1, end: isJson ? at.importEnd : at.end + 1, text: address(target.url) };
  }
  if (!target) return undefined;
  // Functions exist before the module runs. In a cycle they may be called before that.
  const name = header.defines(thunk, `() { return import(${address(target.url)}); }`);
  const rest = transformed.code.slice(at.importStart, at.importEnd).slice(`${name}()`.length);
  return { start: at.importStart, end: at.importEnd, text: `${name}()${rest.replace(/[^\n]/g, " ")}` };
}

function describeItself({ url, imports }: Module, isEntry: boolean, header: Header): void {
  if (!imports.some(({ at }) => at.type === "import-meta")) return;
  const path = fileURLToPath(url);
  const properties = { url, filename: path, dirname: dirname(path), main: isEntry };
  header.states(`Object.assign(import.meta, ${JSON.stringify(properties)});`);
}

/** Each rank reads the original, which may be large. An import would make Node 20 warn on every rank that JSON modules are new. */
function jsonModule(url: string): string {
  const text = `readFileSync(new URL(${JSON.stringify(url)}), "utf8")`;
  return `import { readFileSync } from "node:fs";\nexport default JSON.parse(${text});\n`;
}

function apply(edits: readonly Edit[], code: string): string {
  let text = "";
  let done = 0;
  for (const { start, end, text: replacement } of [...edits].sort((a, b) => a.start - b.start)) {
    text += code.slice(done, start) + replacement;
    done = end;
  }
  return text + code.slice(done);
}
