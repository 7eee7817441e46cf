import { inspect } from "node:util";
import { MpiError } from "./errors.ts";

const exitCodeOfDeadlock = 123;
/** The package's folder: bundled or not, this file is somewhere below its dist or src. */
const ownFiles = new URL(import.meta.url).pathname.replace(/^(.*\/)(dist|src)\/.*$/, "$1");

/**
 * An MpiError that nobody catches ends the process with exit code 1 (123 for a deadlock) and its sentence, followed by the user's own lines;
 * Node would show tsmpi's source code instead. Other errors are left to Node, and all are when the program listens for
 * uncaught exceptions itself.
 *
 * `quiet` tells which errors are consequences that somebody else reports.
 */
export function reportUncaught(rank: number, quiet: (error: MpiError) => boolean): void {
  process.on("uncaughtExceptionMonitor", (error: unknown) => {
    if (!(error instanceof MpiError) || process.listenerCount("uncaughtException") > 0) return;
    if (!quiet(error)) process.stderr.write(`${sentence(error, rank)}\n`);
    process.exit(error.code === "deadlock" ? exitCodeOfDeadlock : 1);
  });
}

function sentence(error: MpiError, rank: number): string {
  // What another rank was the first to see, it tells with its own lines.
  if (error.rank !== undefined && error.rank !== rank) return error.message;
  const lines = (error.stack ?? "").split("\n").filter((line) => /^ +at /.test(line));
  const users = lines.filter((line) => !line.includes(ownFiles) && !line.includes("node:internal"));
  const cause = error.cause instanceof Error ? [`caused by ${inspect(error.cause)}`] : [];
  return [error.message, ...users, ...cause].join("\n");
}
