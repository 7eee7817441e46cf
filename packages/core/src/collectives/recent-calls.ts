import { siteOf } from "../calls/call-site.ts";
import { stackText } from "../calls/errors.ts";
import { type Stack, StackSampler } from "../calls/stack-sampler.ts";

/** The clock costs a twentieth of a small collective: in a tight loop one of so many calls looks at it. */
const hurried = 8;
const remembered = 64;

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
