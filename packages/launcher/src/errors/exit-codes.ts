import { constants } from "node:os";

/**
 * The exit codes of `tsmpi run` that are tsmpi's own; every other code is that of the first rank to fail.
 *
 * | code | when |
 * | --- | --- |
 * | 0 | every rank ended with 0 |
 * | 1 ... 255 | the first rank to fail ended with it; 128 + n when signal n killed it |
 * | 1 | `abort()` without a code, a rank that ended before `init()` while others waited in it, output or a report that cannot be written, mistakes that `--check` found, children of ranks that had to be ended (`--wait-for-children`) |
 * | 2 | the command line has a mistake; nothing was started |
 * | 123 | every rank waits for another one |
 * | 124 | `--timeout` |
 * | 125 | the job could not be launched, or a host or its connection was lost |
 * | 130, 143 | interrupted: SIGINT; SIGTERM or SIGHUP |
 * | 141 | the reader of the output went away (`tsmpi run ... | head`) |
 */
export const exitCodes = {
  success: 0,
  failure: 1,
  usage: 2,
  deadlock: 123,
  timeout: 124,
  launch: 125,
  interrupted: 130,
  terminated: 143,
  outputClosed: 141,
} as const;

/** How a process ended, as in Node's `exit` event. */
export interface Exit {
  code: number | null;
  signal: string | null;
}

/** The exit code that a shell shows for it. */
export function exitCodeOf({ code, signal }: Exit): number {
  if (code !== null) return code;
  return 128 + (constants.signals[signal as NodeJS.Signals] ?? 0);
}

/** "ended with exit code 3", "was killed by SIGKILL". */
export function describeExit({ code, signal }: Exit): string {
  if (signal !== null) return `was killed by ${signal}`;
  return `ended with exit code ${code}${code === unsettledAwait ? unsettledAwaitMeans : ""}`;
}

/** Node's exit code if a top-level await never settles and nothing is left that could settle it. */
const unsettledAwait = 13;
const unsettledAwaitMeans =
  " (Node's for a top-level await that never settled: the promise has no timer, file, socket or message behind it)";
