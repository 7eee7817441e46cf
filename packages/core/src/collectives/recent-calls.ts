import { siteOf } from "../calls/call-site.ts";
import { stackText } from "../calls/errors.ts";
import { type Stack, StackSampler } from "../calls/stack-sampler.ts";

/** In a tight loop only one in this many calls reads the clock, because reading costs a twentieth of a small collective. */
const hurried = 8;
const remembered = 64;

/**
 * Source positions of the latest collectives of a communicator. Also of those that have ended: the root of a broadcast has
 * finished it before another rank finds out about a mismatch. In tight loops only some positions are known.
 */
export class RecentCalls {
  /** Indexed by number modulo {@link remembered}. Arrays, because an object for each call would take half of the time. */
  readonly #numbers: Float64Array = new Float64Array(remembered).fill(-1);
  readonly #signatures: Uint32Array = new Uint32Array(remembered);
  readonly #stacks: (Stack | undefined)[] = Array.from({ length: remembered }, () => undefined);
  readonly #sampler: StackSampler;
  /** Number of the next call that reads the clock. */
  #looks = 0;

  /** @param all take the stack of every call, at any cost */
  constructor(all = false) {
    this.#sampler = new StackSampler(all ? Number.POSITIVE_INFINITY : 0);
  }

  /** Called below `above`. The stack is taken from the callers of `above`. */
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

  /** The call has failed, so that it does not show what other ranks called. */
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
