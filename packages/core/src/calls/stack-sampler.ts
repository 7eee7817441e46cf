import { now } from "./event-loop.ts";

/** A stack that is made into text only when somebody asks. */
export interface Stack {
  stack?: string;
}

/**
 * A stack costs 2 us, 10 where ranks outnumber CPUs and take turns, during which the others' turns pass too: a hundredth of
 * the time may go into them, or it is a sixth of a rank's own.
 */
const pauses = 100;
const longestPauseMs = 2;

/** Takes the stacks of some calls, so that all of them together cost no more than a hundredth of the time. */
export class StackSampler {
  /** When the next stack may be taken, as `now()` tells it. */
  #due = Number.NEGATIVE_INFINITY;
  /** So many are taken whatever they cost: a short program has no more. */
  #free: number;

  constructor(free = 0) {
    this.#free = free;
  }

  /** The stack, above the function `above` if it is given; undefined where it is too early for another one. */
  take(above?: (...args: never[]) => unknown): Stack | undefined {
    const began = now();
    if (began <= this.#due && this.#free === 0) return undefined;
    if (this.#free > 0) this.#free--;
    const stack: Stack = {};
    const limit = Error.stackTraceLimit;
    Error.stackTraceLimit = above === undefined ? framesOfEngine : framesOfLayers;
    Error.captureStackTrace(stack, above);
    Error.stackTraceLimit = limit;
    const ended = now();
    this.#due = ended + Math.min(longestPauseMs, (ended - began) * pauses);
    return stack;
  }
}

/** Between the user's line and a call that waits: `map`, `handOut`, `collective`; some more for a user's own wrappers. */
const framesOfLayers = 6;
/** The same, and the engine's own. */
const framesOfEngine = 13;
