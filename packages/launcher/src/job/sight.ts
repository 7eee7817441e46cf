import { writeFileSync } from "node:fs";
import type { RunOptions, Sight } from "../command/options.ts";
import { exitCodes } from "../errors/exit-codes.ts";
import type { Output } from "../io/output.ts";
import { shellWords } from "../system/shell-words.ts";
import type { Described, Recordings } from "./recordings.ts";

/** What a recording says about the run. */
export function describeRun({ directory }: RunOptions): Described {
  return { command: shellWords(["tsmpi", ...process.argv.slice(2)]), directory };
}

/** Writes what the user wants to see of the run. Returns the exit code. */
export async function showSight(sight: Sight, recordings: Recordings, code: number, output: Output): Promise<number> {
  const words = code === exitCodes.success ? [] : output.said.map((line) => line.replace(/^tsmpi: /, ""));
  const recording = await recordings.recording(code, words);
  if (sight.record !== undefined)
    writeFileSync(
      sight.record,
      JSON.stringify(recording, (_, value) => (ArrayBuffer.isView(value) ? Array.from(value as never) : value), 1),
    );
  return code;
}
