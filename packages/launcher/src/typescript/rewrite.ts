import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import type { Link, Module } from "./graph.ts";
import { isJsonUrl, mirrorName } from "./mirror.ts";
import { sourceMap } from "./source-map.ts";

interface Edit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** What is put before a module's code: imports of ours, then functions and statements. */
interface Header {
  readonly imports: string[];
  readonly body: string[];
}

/**
 * The text of a module's twin in the job's directory. Its imports lead to other twins, or by absolute URL to what
 * stays in place, and what the program asks about itself (`import.meta`) gives the original file.
 *
 * All that is added stands in one line before the code, and what is replaced within a line keeps its length,
 * so that the source map stays right.
 */
export function rewrite(module: Module, isMirrored: (url: string) => boolean, isEntry: boolean): string {
  const { url, kind, transformed, imports } = module;
  if (kind === "json") return jsonModule(url);
  const { code } = transformed;
  const names = (name: string) => unused(name, code);
  const address = (target: string) => JSON.stringify(isMirrored(target) ? `./${mirrorName(target)}` : target);

  const header: Header = { imports: [], body: [] };
  if (isEntry) header.imports.push(`import ${ours("boot.js")};`);
  describeItself(header, module, isEntry, names);
  const edits = imports.flatMap((link, index) => edit(link, index, code, header, address, names) ?? []);
  if (edits.some(({ text }) => text === names(computed))) importComputed(header, url, names);

  const lines = [[...header.imports, ...header.body].join(" "), apply(edits, code), sourceMap(url, transformed, 1)];
  return lines.join("\n");
}

// As long as the word `import`, in whose place it stands.
const computed = "$imprt";

function edit(
  { at, target }: Link,
  index: number,
  code: string,
  header: Header,
  address: (url: string) => string,
  names: (name: string) => string,
): Edit | undefined {
  if (at.type === "import-meta" || at.phase !== null) return undefined;
  const isJson = target !== undefined && isJsonUrl(target.url);
  if (at.type !== "dynamic") {
    // The twin of a JSON file is a module, which must be imported without `with { type: "json" }`.
    return target && { start: at.start - 1, end: isJson ? at.importEnd : at.end + 1, text: address(target.url) };
  }
  if (!target || (at.attributesStart >= 0 && !isJson)) {
    return { start: at.importStart, end: at.importStart + computed.length, text: names(computed) };
  }
  // A function, because functions are there before the module runs: in a cycle it may be called by then.
  const name = names(`$i${index}`);
  header.body.push(`function ${name}() { return import(${address(target.url)}); }`);
  const call = `${name}()`;
  const rest = code.slice(at.importStart, at.importEnd).slice(call.length).replace(/[^\n]/g, " ");
  return { start: at.importStart, end: at.importEnd, text: call + rest };
}

function importComputed(header: Header, url: string, names: (name: string) => string): void {
  const helper = names("$importFrom");
  header.imports.push(`import { importFrom as ${helper} } from ${ours("import-from.js")};`);
  header.body.push(
    `function ${names(computed)}(specifier, options) { return ${helper}(${JSON.stringify(url)}, specifier, options); }`,
  );
}

function describeItself(header: Header, { url, transformed, imports }: Module, isEntry: boolean, names: (name: string) => string): void {
  const uses = imports.filter(({ at }) => at.type === "import-meta").map(({ at }) => transformed.code.slice(at.end));
  if (uses.length === 0) return;
  const path = fileURLToPath(url);
  const properties = { url, filename: path, dirname: dirname(path), main: isEntry };
  header.body.push(`Object.assign(import.meta, ${JSON.stringify(properties)});`);
  if (uses.every((rest) => /^\.(url|filename|dirname|main)\b/.test(rest))) return;
  const resolver = names("$resolver");
  header.imports.push(`import { resolver as ${resolver} } from ${ours("resolver.js")};`);
  header.body.push(`import.meta.resolve = ${resolver}(${JSON.stringify(url)});`);
}

/** Read by each rank where it lies: it may be large, and Node 20 would warn on every rank that JSON modules are new. */
function jsonModule(url: string): string {
  return `import { readFileSync } from "node:fs";\nexport default JSON.parse(readFileSync(new URL(${JSON.stringify(url)}), "utf8"));\n`;
}

function ours(file: string): string {
  return JSON.stringify(new URL(file, import.meta.url).href);
}

/** `name`, or another of its length that does not occur in the code. */
function unused(name: string, code: string): string {
  let free = name;
  for (let letter = 0x61; code.includes(free) && letter <= 0x7a; letter++) free = String.fromCharCode(letter) + name.slice(1);
  return free;
}

function apply(edits: readonly Edit[], code: string): string {
  let text = "";
  let done = 0;
  for (const { start, end, text: replacement } of edits) {
    text += code.slice(done, start) + replacement;
    done = end;
  }
  return text + code.slice(done);
}
