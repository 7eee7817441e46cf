import timers from "node:timers";

/*
 * Timers and clocks as they were when this file was loaded. Test runners replace them with fake timers, which stand
 * still until the test moves them: `local()` would wait for ever. So this package takes all timers and clocks from
 * here.
 */
export const setTimeout: typeof globalThis.setTimeout = timers.setTimeout;
export const setInterval: typeof globalThis.setInterval = timers.setInterval;
export const setImmediate: typeof globalThis.setImmediate = timers.setImmediate;
export const clearTimeout: typeof globalThis.clearTimeout = timers.clearTimeout;
export const clearInterval: typeof globalThis.clearInterval = timers.clearInterval;
export const nextTick: typeof process.nextTick = process.nextTick;
export const queueMicrotask: typeof globalThis.queueMicrotask = globalThis.queueMicrotask;
export const performance: { now(): number } = { now: globalThis.performance.now.bind(globalThis.performance) };

/** Milliseconds on a monotonic clock. */
export function now(): number {
  return performance.now();
}

/** Milliseconds on a monotonic clock that all processes of a host share. */
export function hostClock(): number {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1e3 + nanoseconds / 1e6;
}

/** Resolves after one turn of the event loop, in which timers and sockets run. */
export function eventLoopTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

let breathing = 0;

/**
 * Gives the event loop one turn in the middle of computing work: messages come in, and the transport does not poll for
 * more.
 */
export async function breathe(): Promise<void> {
  breathing++;
  await eventLoopTurn();
  breathing--;
}

/** Whether computing work waits for its turn to end. Polling for messages would delay it. */
export function isAtWork(): boolean {
  return breathing > 0;
}
