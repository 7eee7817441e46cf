import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { builtFile } from "../system/package-files.ts";

/** A script made ready by `prepare`: plain data that can be sent to other hosts and written there. */
export interface Program {
  /** The script as the user named it, made absolute: `process.argv[1]` of the ranks. */
  readonly script: string;

  /**
   * The file among `files` that ranks start with: the script's transformed twin. Undefined: ranks start with the script itself,
   * after `preload.js`, which gives each import its code among `files`. Without `files` Node runs the script as it is.
   */
  readonly twin: string | undefined;

  readonly files: readonly { readonly name: string; readonly contents: string }[];
}

/** What to spawn. */
export interface Command {
  readonly file: string;
  readonly args: string[];
}

/** Writes the program's files into `directory`, readable only for the user. Creates the directory if necessary. */
export function materialise(program: Program, directory: string): void {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  for (const { name, contents } of program.files) writeFileSync(join(directory, name), contents, { mode: 0o600 });
}

/** The command of one rank: `args` are the script's, `nodeOptions` are Node's. */
export function command(
  program: Program,
  directory: string,
  args: readonly string[],
  nodeOptions: readonly string[],
): Command {
  const { twin, script, files } = program;
  const hooks = `${builtFile("typescript/preload.js").href}?${encodeURIComponent(directory)}`;
  const preload = files.length > 0 ? ["--import", hooks] : [];
  const options = ["--enable-source-maps", ...(twin === undefined ? preload : []), ...nodeOptions];
  const start = twin === undefined ? [script] : [join(directory, twin), script];
  return { file: process.execPath, args: [...options, ...start, ...args] };
}
