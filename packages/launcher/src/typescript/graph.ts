import { readFileSync } from "node:fs";
import { extname } from "node:path";
import { fileURLToPath } from "node:url";
import { type Kind, kindOf } from "./kind.ts";
import { type Export, type Import, parse, prepareLexer } from "./lexer.ts";
import { isJsonUrl } from "./mirror.ts";
import { resolve, type Target } from "./resolve.ts";
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
}

/** An import as it stands in the transformed code. */
export interface Link {
  readonly at: Import;

  /** Unknown for `import.meta`, and for a dynamic import which is computed or may fail when it is reached. */
  readonly target: Target | undefined;
}

/** The files that `entry` (a URL) can reach by imports written out in the code, by URL, itself first. */
export async function graph(entry: string): Promise<ReadonlyMap<string, Module | "in place">> {
  const modules = new Map<string, Module | "in place">();
  for (let wave = [entry]; wave.length > 0; ) {
    const found = await Promise.all(wave.map(load));
    for (const [index, url] of wave.entries()) modules.set(url, found[index] ?? "in place");
    const next = new Set<string>();
    for (const module of found) {
      for (const { target } of module?.imports ?? []) {
        if (target && isOurs(target) && !modules.has(target.url)) next.add(target.url);
      }
    }
    wave = [...next];
  }
  return modules;
}

/** JSON of packages too: when we read it, Node 20 has no warning to print on every rank. */
function isOurs({ url, own }: Target): boolean {
  return own || isJsonUrl(url);
}

/** The module at `url`; undefined when the file is to be run where it is. */
async function load(url: string): Promise<Module | undefined> {
  const path = fileURLToPath(url);
  let source: string | undefined;
  const read = () => (source ??= readSource(path));
  const kind: Kind = await kindOf(path, read);
  if (kind === "other") return undefined;
  if (kind === "json") {
    checkJson(path, read());
    return { url, kind, source: read(), transformed: { code: "", mappings: "", names: [] }, imports: [], exports: [] };
  }
  const transformed = await transform(path, read());
  await prepareLexer();
  const [imports, exports] = parse(transformed.code);
  const links = imports.map((at) => ({ at, target: follow(at, url) }));
  return { url, kind, source: read(), transformed, imports: links, exports };
}

function follow(at: Import, parent: string): Target | undefined {
  if (at.type === "import-meta" || at.specifier === undefined || (at.type === "dynamic" && at.glob)) return undefined;
  try {
    const target = resolve(at.specifier, parent);
    refuseUnknown(target, at.specifier, parent);
    return target;
  } catch (error) {
    // A program may try to import what is not there, so that is for it to find out.
    if (at.type === "dynamic") return undefined;
    if (error instanceof ScriptError) throw error;
    throw new ScriptError(1, (error as Error).message, { cause: error });
  }
}

function refuseUnknown({ url, own }: Target, specifier: string, parent: string): void {
  const end = extname(url);
  if (own && (end === ".cts" || end === ".tsx")) {
    throw new ScriptError(
      1,
      `cannot run "${specifier}" imported from ${fileURLToPath(parent)}: ${end} files are not supported`,
    );
  }
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
