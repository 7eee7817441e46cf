import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { isInstalled, type Kind, kindOf } from "./kind.ts";
import { type Export, type Import, parse, prepareLexer } from "./lexer.ts";
import { isJsonUrl } from "./mirror.ts";
import type { NodeSettings } from "./node-settings.ts";
import { isPath, resolve, type Target } from "./resolve.ts";
import { ScriptError } from "./script-error.ts";
import { type Transformed, transform } from "./transform.ts";

/** One of the user's files, transformed, with where its imports lead. */
export interface Module {
  readonly url: string;

  /** A JSON file has neither code nor imports: the ranks read it where it lies. */
  readonly kind: "typescript" | "module" | "json";

  /** The text of the file before the transform. */
  readonly source: string;
  readonly transformed: Transformed;
  readonly imports: readonly Link[];
  readonly exports: readonly Export[];

  /** Files of the user's that it requires. */
  readonly required: readonly Target[];
}

/** One of the user's files that runs where it is: CommonJS. */
export interface InPlace {
  readonly url: string;
  readonly kind: "other";
  readonly source: string;
  readonly required: readonly Target[];
}

/** An import as it stands in the transformed code. */
export interface Link {
  readonly at: Import;

  /** Unknown for `import.meta`, and for a dynamic import which is computed or may fail when it is reached. */
  readonly target: Target | undefined;
}

/** The files that `entry` (a URL) can reach by imports written out in the code, by URL, itself first. */
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

/** JSON of packages too: when we read it, Node 20 has no warning to print on every rank. */
function isOurs({ url, own }: Target): boolean {
  return own || isJsonUrl(url);
}

async function load(url: string, settings: NodeSettings, given?: string): Promise<Module | InPlace> {
  const path = fileURLToPath(url);
  let source = given;
  const read = () => (source ??= readSource(path));
  const kind: Kind = await kindOf(path, read);
  if (kind === "other") {
    const text = /\.c?js$/.test(path) ? read() : ""; // not of addons and WebAssembly
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
    // A program may try to import what is not there, so that is for it to find out. What the user has loaded before the
    // script may know the name.
    if (at.type === "dynamic" || (settings.hasPreloads && !isPath(at.specifier))) return undefined;
    if (error instanceof ScriptError) throw error;
    throw new ScriptError(1, (error as Error).message, { cause: error });
  }
}

/** Where `require("./x")` and `import("./x")` lead in CommonJS. Only so that no rank has to transform these files itself. */
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
