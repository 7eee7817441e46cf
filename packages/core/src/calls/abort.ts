import { clearInterval, setInterval } from "./event-loop.ts";
/**
 * Calls `aborted` when `signal` aborts, at once when it already has. Returns what takes the listener away again: call it
 * when the operation has ended, or a long-lived signal collects a listener per message.
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

/** The longest interval there is; only its being there matters. */
const forEver = 2 ** 31 - 1;

function nothing(): void {}
