/** Node's global is a getter, which is called for each look at the clock. */
const { performance } = globalThis;

/** Milliseconds on a clock that never goes back. */
export function now(): number {
  return performance.now();
}

/** Resolves when the event loop has had a turn: timers, sockets, and whoever else waits for one. */
export function eventLoopTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
