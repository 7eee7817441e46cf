import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { isInstalled, type Kind, kindOf } from "./kind.ts";
import { type Export, type Import, parse, prepareLexer } from "./lexer.ts";
import { isJsonUrl } from "./mirror.ts";
import type { NodeSettings } from "./node-settings.ts";
import { isPath, resolve, type Target } from "./resolve.ts";
import { ScriptError } from "./script-error.ts";
import { type Transformed, transform } from "./transform.ts";

/** One of the user's files, transformed, with the targets of its imports. */
export interface Module {
  readonly url: string;

  /** A JSON file has neither code nor imports: the ranks read the original. */
  readonly kind: "typescript" | "module" | "json";

  /** The text of the file before the transform. */
  readonly source: string;
  readonly transformed: Transformed;
  readonly imports: readonly Link[];
  readonly exports: readonly Export[];

  /** The user's files that it requires. */
  readonly required: readonly Target[];
}

/** One of the user's files that runs untransformed: CommonJS. */
export interface InPlace {
  readonly url: string;
  readonly kind: "other";
  readonly source: string;
  readonly required: readonly Target[];
}

/** An import as it stands in the transformed code. */
export interface Link {
  readonly at: Import;

  /** Undefined for `import.meta`, and for a dynamic import that is computed or may fail at run time. */
  readonly target: Target | undefined;
}

/** The files that `entry` (a URL) reaches by imports with literal names, by URL, `entry` first. */
export async function graph(
  entry: string,
  settings: NodeSettings,
  given?: string,
): Promise<ReadonlyMap<string, Module | InPlace>> {
  const modules = new Map<string, Module | InPlace>();
  for (let wave = [entry]; wave.length > 0; ) {
    const found = await Promise.all(wave.map((url) => load(url, settings, url === entry ? given : undefined)));
    for (const module of found) modules.set(module.url, module);
    const next = new Set<string>();
    for (const target of found.flatMap(targetsOf)) {
      if (isOurs(target) && !modules.has(target.url)) next.add(target.url);
    }
    wave = [...next];
  }
  return modules;
}

function targetsOf(module: Module | InPlace): Target[] {
  const imported = module.kind === "other" ? [] : module.imports.flatMap(({ target }) => target ?? []);
  return [...imported, ...module.required];
}

/** Includes JSON of packages: if tsmpi reads it, Node 20 does not print a warning on every rank. */
function isOurs({ url, own }: Target): boolean {
  return own || isJsonUrl(url);
}

async function load(url: string, settings: NodeSettings, given?: string): Promise<Module | InPlace> {
  const path = fileURLToPath(url);
  let source = given;
  const read = () => (source ??= readSource(path));
  const kind: Kind = await kindOf(path, read);
  if (kind === "other") {
    const text = /\.c?js$/.test(path) ? read() : ""; // addons and WebAssembly have no text
    return { url, kind, source: text, required: isInstalled(path) ? [] : requiredBy(text, url, settings) };
  }
  if (kind === "json") {
    checkJson(path, read());
    const transformed = { code: "", mappings: "", names: [], format: "module" as const };
    return { url, kind, source: read(), transformed, imports: [], exports: [], required: [] };
  }
  const transformed = await transform(path, read());
  await prepareLexer();
  const [imports, exports] = transformed.format === "module" ? parse(transformed.code) : [[], []];
  const links = imports.map((at) => ({ at, target: follow(at, url, settings) }));
  const required = requiredBy(transformed.code, url, settings);
  return { url, kind, source: read(), transformed, imports: links, exports, required };
}

function follow(at: Import, parent: string, settings: NodeSettings): Target | undefined {
  if (at.type === "import-meta" || at.specifier === undefined || (at.type === "dynamic" && at.glob)) return undefined;
  try {
    return resolve(at.specifier, parent, settings);
  } catch (error) {
    // A program may try to import a missing file and handle the error. A preload of the user may know the name.
    if (at.type === "dynamic" || (settings.hasPreloads && !isPath(at.specifier))) return undefined;
    if (error instanceof ScriptError) throw error;
    throw new ScriptError(1, (error as Error).message, { cause: error });
  }
}

/** Targets of `require("./x")` and `import("./x")` in CommonJS. Without them each rank would transform these files itself. */
function requiredBy(code: string, parent: string, settings: NodeSettings): Target[] {
  const calls = code.matchAll(/\b(?:require|import)\s*\(\s*(["'])(\.{1,2}\/[^"'\n]*)\1/g);
  return [...calls].flatMap(([, , specifier = ""]) => {
    try {
      return resolve(specifier, parent, settings);
    } catch {
      return [];
    }
  });
}

function readSource(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    throw new ScriptError(1, `cannot read ${path}: ${(error as NodeJS.ErrnoException).code}`, { cause: error });
  }
}

function checkJson(path: string, source: string): void {
  try {
    JSON.parse(source);
  } catch (error) {
    throw new ScriptError(1, `${path}: ${(error as Error).message}`, { cause: error });
  }
}
