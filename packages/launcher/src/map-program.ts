import { writeSync } from "node:fs";
import { init, pool, type TaskContext } from "@tsmpi/core";
import { commandFor, readArguments } from "./command/command-map.ts";
import { inputsOf } from "./sweep/inputs.ts";
import { type CommandFailure, type Output, runCommand } from "./sweep/shell-task.ts";

/**
 * What each rank of `tsmpi map` runs: a pool whose tasks are commands. Rank 0 shows the output of each command as a whole, and
 * ends with the number of commands that failed: 101 for more than 100, as GNU parallel does.
 */
const { command, inputs, separator, ordered, retries, journal, taskTimeoutMs } = readArguments(process.argv.slice(2));
const most = 101;

const world = await init();
const shell = (input: string, { signal }: TaskContext): Promise<Output> =>
  runCommand(commandFor(command, input), signal);
const failures = await pool(
  world,
  { shell },
  async (workers) => {
    let failed = 0;
    const given = inputs ?? inputsOf(process.stdin.setEncoding("utf8"), separator);
    const options = {
      settled: true,
      retries,
      chunkSize: 1,
      timeoutMs: taskTimeoutMs,
      ...(journal !== undefined && { journal: { file: journal, key: command } }),
    } as const;
    for await (const each of workers[ordered ? "imap" : "imapUnordered"]("shell", given, options)) {
      show(each.status === "fulfilled" ? each.value : each.reason);
      if (each.status === "rejected") {
        failed += 1;
        say(each.reason);
      }
    }
    return failed;
  },
  { rootWorks: true },
);
await world.close();
process.exitCode = Math.min(failures ?? 0, most);

function show({ stdout, stderr }: Partial<Output>): void {
  if (stdout !== undefined) write(1, stdout);
  if (stderr !== undefined) write(2, stderr);
}

function say(error: CommandFailure & { index?: number; rank?: number; host?: string }): void {
  const { message, index = 0, rank, host } = error;
  const input = inputs === undefined ? `input ${index + 1}` : `input ${index + 1}, ${JSON.stringify(inputs[index])}`;
  const where = rank === undefined ? "" : ` on rank ${rank} (${host})`;
  const what = message.replace(/^input \d+ of shell: /, ""); // a time limit, or the loss of a rank
  write(2, Buffer.from(`tsmpi map: ${input}: ${what}${where}\n`));
}

/** Writes all of it: a pipe may take a part. */
function write(file: number, bytes: Uint8Array): void {
  for (let rest = bytes; rest.byteLength > 0; ) {
    try {
      rest = rest.subarray(writeSync(file, rest));
    } catch (error) {
      if ((error as { code?: string }).code !== "EAGAIN") throw error;
    }
  }
}
