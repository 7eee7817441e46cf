import { now } from "./event-loop.ts";

/** A stack, formatted only when it is read. */
export interface Stack {
  stack?: string;
}

/**
 * A stack costs 2 us, and 10 us where ranks outnumber CPUs, during which other ranks wait, too. So stacks may take a
 * hundredth of the time; without this limit they took a sixth of a rank's own.
 */
const pauses = 100;
const longestPauseMs = 2;

/** Takes the stacks of some calls. Together they cost at most a hundredth of the time. */
export class StackSampler {
  /** When the next stack may be taken, in `now()` time. */
  #due = Number.NEGATIVE_INFINITY;
  /** How many stacks are still taken without a limit: a short program needs no more. */
  #free: number;

  constructor(free = 0) {
    this.#free = free;
  }

  /** The stack, above the function `above` if given; undefined while it is too early for the next one. */
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

/**
 * Frames between the user's line and a call that waits: `map`, `handOut`, `collective`, and some for the user's own
 * wrappers.
 */
const framesOfLayers = 6;
/** The same, with the frames of the engine. */
const framesOfEngine = 13;
