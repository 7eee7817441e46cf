import { inspect } from "node:util";
import { isUsers, MpiError, stackText } from "../calls/errors.ts";

const exitCodeOfDeadlock = 123;

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
  const users = stackText(error).split("\n").filter(isUsers);
  return [error.message, ...users, ...causeOf(error)].join("\n");
}

/** tsmpi's own errors say in their message what they have to say. */
function causeOf({ cause }: MpiError): string[] {
  if (!(cause instanceof Error)) return [];
  return cause instanceof MpiError ? causeOf(cause) : [`caused by ${inspect(cause)}`];
}
