import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { builtFile } from "../own-files.ts";

/** A script made ready by `prepare`: plain data, that can be sent to other hosts and written there. */
export interface Program {
  /** The script as the user named it, made absolute: `process.argv[1]` of the ranks. */
  readonly script: string;

  /** The name of the file that ranks start with, among `files`; none when the script runs where it is. */
  readonly entry: string | undefined;

  /** Whether the ranks need the hooks of `tsmpi/register`, which cost each rank as much as Node itself. */
  readonly hooks: boolean;

  readonly files: readonly { readonly name: string; readonly contents: string }[];
}

/** What to spawn. */
export interface Command {
  readonly file: string;
  readonly args: string[];
}

/** Writes the program's files into `directory`, which is made if need be, for the user's eyes alone. */
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
  const { entry, script, hooks } = program;
  const register = builtFile("typescript/register.js").href;
  const options = ["--enable-source-maps", ...(hooks ? ["--import", register] : []), ...nodeOptions];
  const start = entry === undefined ? [script] : [join(directory, entry), script];
  return { file: process.execPath, args: [...options, ...start, ...args] };
}
