import { readFileSync } from "node:fs";
import { type ProgramOptions, programsOf, type RunOptions } from "../command/options.ts";
import { usageError } from "../errors/launch-error.ts";
import type { Executable } from "../link/messages.ts";
import { nodeSettings, type Prepared, type Program, prepare, type Source } from "../typescript/index.ts";

/** All programs of a job, made ready, in the order of their ranks. */
export interface PreparedPrograms {
  readonly programs: readonly (Program | Executable)[];
  /** The user's files, and settings that have no effect, of all of them. */
  readonly sources: readonly Source[];
  readonly warnings: readonly string[];
}

/** Throws as `prepare` does, for the first program with a mistake. */
export async function preparePrograms(options: RunOptions): Promise<PreparedPrograms> {
  const all = programsOf(options);
  if (options.isCommand)
    return { programs: all.map(({ script }) => ({ executable: script })), sources: [], warnings: [] };
  if (all.filter(({ script }) => script === "-").length > 1)
    throw usageError("- is the script on standard input, which one program alone can read");
  const prepared: Prepared[] = [];
  for (const program of all) prepared.push(await prepareScript(program)); // one transformer at a time
  return {
    programs: prepared.map(({ program }) => program),
    sources: prepared.flatMap(({ sources }) => sources),
    warnings: prepared.flatMap(({ warnings }) => warnings),
  };
}

/** `-` is a script on standard input, as for Node. */
function prepareScript({ script, nodeOptions, environment }: ProgramOptions): Promise<Prepared> {
  const settings = nodeSettings(nodeOptions, { ...process.env, ...environment }["NODE_OPTIONS"]);
  return prepare(script, settings, script === "-" ? readFileSync(0, "utf8") : undefined);
}
