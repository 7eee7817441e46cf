import timers from "node:timers";

/*
 * Timers and clocks as they were when this file was loaded. Test runners put others in their place (fake timers), which stand
 * still until the test moves them: `local()` would wait for ever. So all of this package takes them from here.
 */
export const setTimeout: typeof globalThis.setTimeout = timers.setTimeout;
export const setInterval: typeof globalThis.setInterval = timers.setInterval;
export const setImmediate: typeof globalThis.setImmediate = timers.setImmediate;
export const clearTimeout: typeof globalThis.clearTimeout = timers.clearTimeout;
export const clearInterval: typeof globalThis.clearInterval = timers.clearInterval;
export const nextTick: typeof process.nextTick = process.nextTick;
export const queueMicrotask: typeof globalThis.queueMicrotask = globalThis.queueMicrotask;
export const performance: { now(): number } = { now: globalThis.performance.now.bind(globalThis.performance) };

/** Milliseconds on a clock that never goes back. */
export function now(): number {
  return performance.now();
}

/** Resolves when the event loop has had a turn: timers, sockets, and whoever else waits for one. */
export function eventLoopTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

let breathing = 0;

/** A turn of the event loop for somebody who goes on working afterwards: messages come in, and nobody looks for more. */
export async function breathe(): Promise<void> {
  breathing++;
  await eventLoopTurn();
  breathing--;
}

/** Whether somebody waits for his turn to go on working: who looks around for messages then takes time from that. */
export function isAtWork(): boolean {
  return breathing > 0;
}
