import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { isInstalled, isTypeScript, kindOfSync } from "./kind.ts";
import { prepareLexer } from "./lexer.ts";
import { isJsonUrl, mirrorName } from "./mirror.ts";
import { resolve as find } from "./resolve.ts";
import { ScriptError } from "./script-error.ts";
import { sourceMap } from "./source-map.ts";
import { type Transformed, transform, transformSync } from "./transform.ts";

// The part of Node's contract that we use. Node 20 calls hooks on a thread of theirs, where `next` gives a promise;
// newer Node calls them in place, where it gives the value. So what `next` gives is only ever handed on.
interface ResolveContext {
  readonly parentURL?: string | undefined;
  readonly conditions?: readonly string[];
  readonly importAttributes?: Readonly<Record<string, string | undefined>>;
}
type Resolved = { url: string; shortCircuit: true; importAttributes: Record<string, string | undefined> };
type Loaded = { format: "module"; source: string; shortCircuit: true };
type Next<Context, Result> = (name: string, context: Context) => Result;

let mirror: string | undefined;

/** Called by Node on the thread of the hooks, or by `hook` where there is none. `directory` is that of the job's files. */
export async function initialize(directory?: string): Promise<void> {
  mirror = directory;
  await prepareLexer();
}

/** Gives imports of the user's own files the same meaning as `prepare` does. */
export function resolve<R>(specifier: string, context: ResolveContext, next: Next<ResolveContext, R>): R | Resolved {
  const { parentURL, conditions = [], importAttributes = {} } = context;
  if (!parentURL?.startsWith("file:") || conditions.includes("require") || !isOurs(fileURLToPath(parentURL))) {
    return next(specifier, context);
  }
  let url: string;
  try {
    url = find(specifier, parentURL).url;
  } catch (error) {
    if (error instanceof ScriptError) throw asSyntaxError(error);
    return next(specifier, context); // Node says what is wrong, in its own words.
  }
  const twin = mirror && url.startsWith("file:") ? join(mirror, mirrorName(url)) : undefined;
  if (twin && existsSync(twin)) return { url: pathToFileURL(twin).href, shortCircuit: true, importAttributes: {} };
  const attributes = isJsonUrl(url) ? { ...importAttributes, type: "json" } : { ...importAttributes };
  return { url, shortCircuit: true, importAttributes: attributes };
}

/** Transforms TypeScript and the user's own modules as they are loaded. */
export async function load<C, R>(url: string, context: C, next: Next<C, R>): Promise<Awaited<R> | Loaded> {
  const file = ownFile(url);
  return file ? asModule(url, await transform(file.path, file.source).catch(refuse)) : await next(url, context);
}

/** `load` for hooks that are called in place. */
export function loadSync<C, R>(url: string, context: C, next: Next<C, R>): R | Loaded {
  const file = ownFile(url);
  if (!file) return next(url, context);
  try {
    return asModule(url, transformSync(file.path, file.source));
  } catch (error) {
    return refuse(error);
  }
}

function ownFile(url: string): { path: string; source: string } | undefined {
  if (!/^file:[^?#]*\.m?[jt]s([?#]|$)/.test(url)) return undefined;
  const path = fileURLToPath(url);
  if (!isOurs(path)) return undefined;
  let source: string | undefined;
  const read = () => (source ??= readFileSync(path, "utf8"));
  const kind = kindOfSync(path, read);
  return kind === "typescript" || kind === "module" ? { path, source: read() } : undefined;
}

/** The files in the job's directory are transformed already; those of packages are run as published. */
function isOurs(path: string): boolean {
  return (isTypeScript(path) || !isInstalled(path)) && !(mirror && path.startsWith(join(mirror, "/")));
}

function asModule(url: string, transformed: Transformed): Loaded {
  return { format: "module", source: `${transformed.code}\n${sourceMap(url, transformed)}`, shortCircuit: true };
}

function refuse(error: unknown): never {
  throw error instanceof ScriptError ? asSyntaxError(error) : error;
}

/** What Node prints of an error is its stack, and ours is of no interest. */
function asSyntaxError({ message }: ScriptError): SyntaxError {
  const error = new SyntaxError(message);
  error.stack = `SyntaxError: ${message}`;
  return error;
}
