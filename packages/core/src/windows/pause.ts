import { eventLoopTurn, setTimeout } from "../calls/event-loop.ts";

/** So many looks follow each other at once, one in each turn of the event loop: most sections under a lock are short. */
const quickLooks = 20;
const mostMs = 4;

/**
 * Waits before look number `look` at something that another rank will change, and longer each time: 20 turns of the event loop, then
 * 1 to 4 ms. The timer does not keep the process alive, the waiting call does.
 */
export function pause(look: number): Promise<void> {
  if (look < quickLooks) return eventLoopTurn();
  return new Promise((resolve) => {
    setTimeout(resolve, Math.min(mostMs, 1 + Math.floor((look - quickLooks) / 20))).unref();
  });
}

/** After so many calls that did not wait, timers, sockets and other ranks of this process get a turn. */
const callsPerTurn = 256;
let calls = 0;

/** The promise of a call that has its result: a loop of such calls gives the event loop its turns. */
export function atOnce<T>(value: T): Promise<T> {
  calls++;
  return calls % callsPerTurn === 0 ? eventLoopTurn().then(() => value) : Promise.resolve(value);
}
