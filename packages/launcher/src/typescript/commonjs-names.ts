import { readFileSync } from "node:fs";
import { createRequire, isBuiltin } from "node:module";
import { extname } from "node:path";
import { cache, keyOf } from "./cache.ts";
import { isCommonJS, packageType } from "./kind.ts";

/** The lexer's result. */
interface Names {
  readonly exports: readonly string[];
  /** Files whose names the file exports again. */
  readonly reexports: readonly string[];
}

/**
 * The names that `import { name }` can have of the CommonJS file at `path`. Undefined if the file is not CommonJS, or exports
 * the names of a file that cannot be read. Found by the lexer that Node has, once for each text.
 */
export function commonJSNames(path: string, seen: ReadonlySet<string> = new Set()): ReadonlySet<string> | undefined {
  const names = namesIn(path);
  if (names === undefined) return undefined;
  const all = new Set(names.exports);
  for (const specifier of names.reexports) {
    const target = requiredFile(specifier, path);
    if (target === undefined) return undefined;
    if (seen.has(target)) continue;
    const passed = commonJSNames(target, new Set([...seen, path]));
    if (passed === undefined) return undefined;
    for (const name of passed) all.add(name);
  }
  return all;
}

function namesIn(path: string): Names | undefined {
  const source = textOf(path);
  if (source === undefined) return undefined;
  const isModule = extname(path) !== ".cjs" && packageType(path) === "module";
  if (isModule) return undefined;
  const key = keyOf("names", "1", extname(path), source);
  const known = cache().get(key) as { names?: Names } | undefined;
  if (known !== undefined) return known.names;
  const names = extname(path) === ".cjs" || isCommonJS(path, source) ? lex(source) : undefined;
  cache().set(key, names === undefined ? {} : { names });
  return names;
}

function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined; // Node's own error follows
  }
}

function lex(source: string): Names | undefined {
  // Loaded here: it takes 5 ms, and few programs import names from CommonJS.
  const { parse } = createRequire(import.meta.url)("cjs-module-lexer") as typeof import("cjs-module-lexer");
  try {
    const { exports, reexports } = parse(source);
    return { exports, reexports };
  } catch {
    return undefined;
  }
}

/** The required file if it is JavaScript; else undefined. */
function requiredFile(specifier: string, path: string): string | undefined {
  if (isBuiltin(specifier)) return undefined;
  try {
    const found = createRequire(path).resolve(specifier);
    return /\.c?js$/.test(found) ? found : undefined;
  } catch {
    return undefined;
  }
}
