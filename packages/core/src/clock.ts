/** Node's global is a getter, which is called for each look at the clock. */
const { performance } = globalThis;

/** Milliseconds on a clock that never goes back. */
export function now(): number {
  return performance.now();
}
