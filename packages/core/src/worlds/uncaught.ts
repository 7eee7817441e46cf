import { inspect } from "node:util";
import { isUsers, MpiError, stackText } from "../calls/errors.ts";

const exitCodes = { failure: 1, deadlock: 123, launch: 125 } as const;

/**
 * An uncaught MpiError ends the process with exit code 1 (123 for a deadlock, 125 if the rank could not join its world). Prints
 * its message and the user's own stack lines; Node would print tsmpi's source code instead. Other errors are left to Node. So are
 * all errors if the program listens for uncaught exceptions itself.
 *
 * @param quiet whether an error is a consequence that another rank or the launcher reports
 * @param hasJoined whether the rank is in its world: then `launch` is the error of a call, as when /dev/shm is full
 */
export function reportUncaught(rank: number, quiet: (error: MpiError) => boolean, hasJoined = () => true): void {
  process.on("uncaughtExceptionMonitor", (error: unknown) => {
    if (!(error instanceof MpiError) || process.listenerCount("uncaughtException") > 0) return;
    if (!quiet(error)) process.stderr.write(`${sentence(error, rank)}\n`);
    if (error.code === "deadlock") process.exit(exitCodes.deadlock);
    process.exit(error.code === "launch" && !hasJoined() ? exitCodes.launch : exitCodes.failure);
  });
}

function sentence(error: MpiError, rank: number): string {
  // An error of another rank: that rank prints it with its own stack lines.
  if (error.rank !== undefined && error.rank !== rank) return error.message;
  const users = stackText(error).split("\n").filter(isUsers);
  return [error.message, ...users, ...causeOf(error)].join("\n");
}

/** The cause, if it is not an error of tsmpi: those have their reason in the message. */
function causeOf({ cause }: MpiError): string[] {
  if (!(cause instanceof Error)) return [];
  return cause instanceof MpiError ? causeOf(cause) : [`caused by ${inspect(cause)}`];
}
