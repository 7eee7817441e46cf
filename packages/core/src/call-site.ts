import { relative } from "node:path";
import { fileURLToPath } from "node:url";
import type { Call } from "./call.ts";
import { now } from "./clock.ts";
import { isUsers, stackText } from "./errors.ts";

/** Gets what is left to wait for, and gives what a promise shall wait for instead. */
export type Detour = (rest: Promise<unknown>) => Promise<never>;
/** Resolves the promise that a call waits for with a detour, from whose end on all goes on as before. */
export type Divert = (detour: Detour) => void;

/**
 * Where in the user's program a call waits, as `file:line`; undefined when nobody awaits it there.
 *
 * To take the stack at every call costs 2 us, a tenth of a round trip. This costs nothing until somebody asks: V8 knows
 * from each promise who awaits it, and tells whoever runs on its behalf. So the promise that the call waits for is
 * resolved with another one, which looks around and then waits for what the first one waited for:
 * ```text
 *   user's await ──► send, recv, ... ──► the engine's promise                       it waits for a message
 *   user's await ──► send, recv, ... ──► the engine's promise ──► detour ──► rest   the detour sees all to its left
 * ```
 */
export async function locate(call: Call, divert: Divert | undefined): Promise<string | undefined> {
  call.site ??= call.stack && siteOf(stackText(call.stack));
  if (call.site === undefined && divert !== undefined) {
    await new Promise<void>((found) => {
      divert(async (rest) => {
        // The first turn begins to wait for this promise, from the second on it is known who does.
        await null;
        await null;
        call.site = siteHere();
        found();
        return rest as Promise<never>;
      });
    });
  }
  return call.site;
}

/** The call, with its `site` if that is known. */
export function located(call: Call): Call {
  call.site ??= call.stack && siteOf(stackText(call.stack));
  return call;
}

/** Where the user's program is that waits for the function which calls this, or has called it. */
export function siteHere(): string | undefined {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = mostFrames;
  const stack: Stack = {};
  Error.captureStackTrace(stack);
  Error.stackTraceLimit = limit;
  return siteOf(stackText(stack));
}

/** Algorithms and the layers above them have a dozen frames. */
const mostFrames = 50;

/**
 * The first line of a stack that is the user's, as `file:line`, as seen from this directory; a library's of his only where
 * there is no other.
 */
export function siteOf(stack: string): string | undefined {
  let library: string | undefined;
  for (const line of stack.split("\n")) {
    const [, file, row] = isUsers(line) ? (/((?:file:\/\/)?\/[^()]*):(\d+):\d+\)?$/.exec(line) ?? []) : [];
    if (file === undefined) continue;
    const site = `${nearby(file.startsWith("file:") ? fileURLToPath(file) : file)}:${row}`;
    if (!file.includes("/node_modules/")) return site;
    library ??= site;
  }
  return library;
}

function nearby(path: string): string {
  const near = relative(process.cwd(), path);
  return near.startsWith("..") ? path : near;
}

/** A stack that is made into text only when somebody asks. */
interface Stack {
  stack?: string;
}

/**
 * A stack costs 2 us, 10 where ranks outnumber CPUs and take turns, during which the others' turns pass too: a hundredth of
 * the time may go into them, or it is a sixth of a rank's own.
 */
const pauses = 100;
const longestPauseMs = 2;
/** The clock costs a twentieth of a small collective: in a tight loop one of so many calls looks at it. */
const hurried = 8;
const remembered = 64;

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

/**
 * Where the latest collectives of a communicator were called, also those that have ended: who sent a broadcast is through
 * with it before somebody finds out that he is in another collective. In tight loops only some of them are known.
 */
export class RecentCalls {
  /** By number modulo {@link remembered}: an object for each call would be half of what noting it takes. */
  readonly #numbers: Float64Array = new Float64Array(remembered).fill(-1);
  readonly #signatures: Uint32Array = new Uint32Array(remembered);
  readonly #stacks: (Stack | undefined)[] = Array.from({ length: remembered }, () => undefined);
  readonly #sampler: StackSampler;
  /** Which call looks at the clock again. */
  #looks = 0;

  /** @param all every call's stack is taken, whatever that costs */
  constructor(all = false) {
    this.#sampler = new StackSampler(all ? Number.POSITIVE_INFINITY : 0);
  }

  /** Called on the way from the user to what it notes; `above`, and what that has called, is not looked at. */
  note(number: number, signature: number, above: (...args: never[]) => unknown): void {
    const place = number % remembered;
    this.#numbers[place] = number;
    this.#signatures[place] = signature;
    this.#stacks[place] = number < this.#looks ? undefined : this.#stack(number, above);
  }

  #stack(number: number, above: (...args: never[]) => unknown): Stack | undefined {
    const stack = this.#sampler.take(above);
    if (stack === undefined) this.#looks = number + hurried;
    return stack;
  }

  /** What it was says nothing any more. */
  forget(number: number): void {
    if (this.#has(number)) this.#numbers[number % remembered] = -1;
  }

  signatureOf(number: number): number | undefined {
    return this.#has(number) ? this.#signatures[number % remembered] : undefined;
  }

  stackOf(number: number): Stack | undefined {
    return this.#has(number) ? this.#stacks[number % remembered] : undefined;
  }

  siteOf(number: number): string | undefined {
    const stack = this.stackOf(number);
    return stack && siteOf(stackText(stack));
  }

  #has(number: number): boolean {
    return this.#numbers[number % remembered] === number;
  }
}

/** Between the user's line and a call that waits: `map`, `handOut`, `collective`; some more for a user's own wrappers. */
const framesOfLayers = 6;
/** The same, and the engine's own. */
const framesOfEngine = 13;
