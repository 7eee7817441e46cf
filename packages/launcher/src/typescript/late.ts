/** What the hooks need for files that the launcher has not transformed. Loaded at the first such file. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { attempt } from "./attempt.ts";
import type { Loaded, Next, ResolveContext, Resolved } from "./hook-types.ts";
import { isInstalled, isTypeScript } from "./kind.ts";
import { isJsonUrl } from "./mirror.ts";
import { resolve as find, isPath } from "./resolve.ts";
import { ScriptError } from "./script-error.ts";
import { sourceMap } from "./source-map.ts";
import { transformSync } from "./transform.ts";
import { aliases } from "./tsconfig.ts";

/** What an import means in a TypeScript file. */
export function resolve<R>(specifier: string, context: ResolveContext, next: Next<ResolveContext, R>): R | Resolved {
  const parent = context.parentURL as string;
  const isOursFirst = isPath(specifier) || hasAlias(specifier, parent);
  const found = isOursFirst ? ours(specifier, parent) : undefined;
  if (found !== undefined) return found;
  const attributes = isJsonUrl(new URL(specifier, "file:///").href) ? {} : { ...context.importAttributes };
  return attempt(
    () => next(specifier, { ...context, importAttributes: attributes }),
    (error) => recover(specifier, parent, error),
  );
}

/** The file that TypeScript's rules find if Node's rules find none; throws Node's error if there is none. */
export function recover(specifier: string, parent: string, error: unknown): Resolved {
  const found = isInstalled(fileURLToPath(parent)) ? undefined : ours(specifier, parent);
  if (found === undefined) throw error;
  return found;
}

/** The code of a TypeScript file, transformed now. */
export function load(url: string): Pick<Loaded, "format"> & { source: string } {
  const path = fileURLToPath(url);
  try {
    const source = readFileSync(path, "utf8");
    const transformed = transformSync(path, source);
    return { format: transformed.format, source: `${transformed.code}\n${sourceMap({ url, source, transformed })}` };
  } catch (error) {
    throw error instanceof ScriptError ? asSyntaxError(error) : error;
  }
}

function hasAlias(specifier: string, parent: string): boolean {
  const path = fileURLToPath(parent);
  return isTypeScript(path) && aliases(specifier, path).length > 0;
}

function ours(specifier: string, parent: string): Resolved | undefined {
  try {
    return { url: find(specifier, parent).url, shortCircuit: true, importAttributes: {} };
  } catch (error) {
    if (error instanceof ScriptError) throw asSyntaxError(error);
    return undefined;
  }
}

/** Without tsmpi's stack, which Node would print. */
function asSyntaxError({ message }: ScriptError): SyntaxError {
  const error = new SyntaxError(message);
  error.stack = `SyntaxError: ${message}`;
  return error;
}
