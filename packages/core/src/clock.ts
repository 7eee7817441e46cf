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
