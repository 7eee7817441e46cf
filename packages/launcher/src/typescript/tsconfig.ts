import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { isInstalled } from "./kind.ts";
import { ScriptError } from "./script-error.ts";

interface Config {
  readonly compilerOptions: Record<string, unknown>;
  readonly aliases: ((specifier: string) => string[]) | null;
  readonly metadata: boolean;
}

const none: Config = { compilerOptions: {}, aliases: null, metadata: false };
const known = new Map<string, Config>();

/** The settings of the nearest tsconfig.json that change what a file does at run time. All others are for the type checker. */
export function compilerOptions(path: string): Record<string, unknown> {
  return configOf(path).compilerOptions;
}

/** The files that `paths` of the nearest tsconfig.json offers for a bare specifier, best first. */
export function aliases(specifier: string, path: string): string[] {
  return configOf(path).aliases?.(specifier) ?? [];
}

/** Whether the nearest tsconfig.json asks for types of parameters at run time. A transform file by file cannot provide them. */
export function missesMetadata(path: string): boolean {
  return configOf(path).metadata;
}

function configOf(path: string): Config {
  if (isInstalled(path)) return none;
  return inFolder(dirname(path));
}

function inFolder(folder: string): Config {
  const before = known.get(folder);
  if (before) return before;
  const parent = dirname(folder);
  const file = join(folder, "tsconfig.json");
  const config = existsSync(file) ? read(file) : parent === folder ? none : inFolder(parent);
  known.set(folder, config);
  return config;
}

function read(file: string): Config {
  // Loaded here because it costs 7 ms and most scripts on a cluster have no tsconfig.json.
  const { createPathsMatcher, parseTsconfig } = createRequire(import.meta.url)(
    "get-tsconfig",
  ) as typeof import("get-tsconfig");
  try {
    const config = parseTsconfig(file);
    const { experimentalDecorators, useDefineForClassFields, verbatimModuleSyntax, target } =
      config.compilerOptions ?? {};
    const { jsx, jsxFactory, jsxFragmentFactory, jsxImportSource, emitDecoratorMetadata } =
      config.compilerOptions ?? {};
    const forSyntax = { experimentalDecorators, useDefineForClassFields, verbatimModuleSyntax, target };
    const all = { ...forSyntax, jsx, jsxFactory, jsxFragmentFactory, jsxImportSource };
    return {
      metadata: emitDecoratorMetadata === true,
      compilerOptions: Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined)),
      aliases: createPathsMatcher({ path: file, config }),
    };
  } catch (error) {
    throw new ScriptError(1, `${file}: ${(error as Error).message}`, { cause: error });
  }
}
