import { MpiError, messageOf } from "./errors.ts";
import { clearInterval, setInterval } from "./event-loop.ts";

/** The error of a call that its signal has cancelled. */
export function cancelled(reason: unknown): MpiError {
  return new MpiError("aborted", `cancelled: ${messageOf(reason)}`, { cause: reason });
}

/**
 * Calls `aborted` when `signal` aborts; at once if it already has. Returns a function that removes the listener. Call
 * that when the operation has ended: otherwise a long-lived signal collects a listener for each message.
 */
export function onAbort(signal: AbortSignal | undefined, aborted: (reason: unknown) => void): () => void {
  if (signal === undefined) return nothing;
  if (signal.aborted) {
    aborted(signal.reason);
    return nothing;
  }
  const alive = setInterval(nothing, forEver);
  const listener = (): void => aborted(signal.reason);
  signal.addEventListener("abort", listener, { once: true });
  return () => {
    clearInterval(alive);
    signal.removeEventListener("abort", listener);
  };
}

/** The longest possible interval: it only keeps the process alive. */
const forEver = 2 ** 31 - 1;

function nothing(): void {}
