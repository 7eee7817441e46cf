import { accessSync, closeSync, constants, openSync, readSync, realpathSync, statSync } from "node:fs";
import { extname, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { belowHome } from "../system/seen-paths.ts";
import { checkNames } from "./exports.ts";
import { graph, type InPlace, type Module } from "./graph.ts";
import { hookedProgram } from "./hooked-program.ts";
import { hooksInPlace } from "./hooks-in-place.ts";
import { isInstalled } from "./kind.ts";
import { mirrorName } from "./mirror.ts";
import { needsHooks } from "./needs-hooks.ts";
import type { NodeSettings } from "./node-settings.ts";
import type { Program } from "./program.ts";
import { rewrite } from "./rewrite.ts";
import { ScriptError } from "./script-error.ts";
import { stdinName } from "./source-map.ts";
import { endTransforms } from "./transform.ts";
import { missesMetadata } from "./tsconfig.ts";

const endings = [".ts", ".mts", ".cts", ".tsx", ".js", ".mjs", ".cjs", ".jsx"];

/** A file of the user's project before the transform. */
export interface Source {
  readonly path: string;
  readonly text: string;
}

/** The program that is sent to the hosts, and its source files for the launcher, the script first. */
export interface Prepared {
  readonly program: Program;
  readonly sources: readonly Source[];

  /** Settings of the user that have no effect, a sentence each. */
  readonly warnings: readonly string[];
}

/**
 * Makes a script ready to run on any number of ranks: finds the user's files that it imports and transforms each once.
 * The script `-` is the text `input`, as if it lay in the working directory.
 *
 * Throws ScriptError if there is no such script, if a file of it has a mistake, or if an import leads nowhere.
 *
 *     const { program } = await prepare("pi.ts", nodeSettings([]));
 *     materialise(program, directory);               // on every host
 *     const { file, args } = command(program, directory, ["1000"], []);
 */
export async function prepare(script: string, settings: NodeSettings, input?: string): Promise<Prepared> {
  if (input === undefined) check(script);
  const path = belowHome(resolve(input === undefined ? script : stdinName));
  const entry = pathToFileURL(input === undefined ? belowHome(realpathSync(path)) : path).href;
  try {
    const modules = await graph(entry, settings, input);
    checkNames(modules, settings);
    const isHooked = hooksInPlace() !== undefined || needsHooks(modules, settings);
    const name = input === undefined ? undefined : script;
    const start = { path, entry, name, hasPreloads: settings.hasPreloads };
    return {
      program: isHooked ? hookedProgram(start, modules) : twins(name ?? path, entry, modules),
      sources: [...modules.values()].flatMap(sourceOf),
      warnings: warningsOf(modules),
    };
  } finally {
    await endTransforms();
  }
}

function twins(script: string, entry: string, modules: ReadonlyMap<string, Module | InPlace>): Program {
  const isMirrored = (url: string) => modules.has(url) && modules.get(url)?.kind !== "other";
  const files = [...modules.values()].flatMap((module) =>
    module.kind === "other"
      ? []
      : [{ name: mirrorName(module.url), contents: rewrite(module, isMirrored, module.url === entry) }],
  );
  return isMirrored(entry) ? { script, twin: mirrorName(entry), files } : { script, twin: undefined, files: [] };
}

function sourceOf(module: Module | InPlace): Source[] {
  if (module.kind === "other" || module.kind === "json") return [];
  const path = fileURLToPath(module.url);
  return isInstalled(path) ? [] : [{ path, text: module.source }];
}

function warningsOf(modules: ReadonlyMap<string, Module | InPlace>): string[] {
  const decorated = [...modules.values()].find(
    ({ url, kind, source }) => kind === "typescript" && /^\s*@\w/m.test(source) && missesMetadata(fileURLToPath(url)),
  );
  if (decorated === undefined) return [];
  return [
    `${fileURLToPath(decorated.url)}: emitDecoratorMetadata of tsconfig.json has no effect, because types are removed file by file; compile with tsc and run the JavaScript, or give the decorators their types as arguments`,
  ];
}

function check(script: string): void {
  try {
    if (statSync(script).isDirectory()) throw new ScriptError(2, `${script} is a folder, not a script`);
    if (!endings.includes(extname(script)) && !(extname(script) === "" && namesInterpreter(script))) {
      throw new ScriptError(
        2,
        `${script} is not a script: its name should end in ${endings.slice(0, -1).join(", ")} or ${endings.at(-1)}`,
      );
    }
    accessSync(script, constants.R_OK);
  } catch (error) {
    if (error instanceof ScriptError) throw error;
    const { code } = error as NodeJS.ErrnoException;
    const why = code === "ENOENT" || code === "ENOTDIR" ? "there is no such file" : `it cannot be read (${code})`;
    throw new ScriptError(2, `cannot run ${script}: ${why}`, { cause: error });
  }
}

/** `#!/usr/bin/env -S tsmpi run -n 4`: a script that names its interpreter needs no ending. */
function namesInterpreter(script: string): boolean {
  const file = openSync(script, "r");
  try {
    const start = Buffer.alloc(2);
    readSync(file, start);
    return start.toString() === "#!";
  } finally {
    closeSync(file);
  }
}
