import { exitCodes } from "../errors/exit-codes.ts";

/**
 * Decides the exit code of the job; the codes are in errors/exit-codes.ts.
 *
 * ```text
 * running ── decide(3) ── stopping with 3        later reasons are consequences of the first one, and do not count
 *    │
 *    └───── spoil() ───── running, code 1        a rank ended well and left something that is wrong
 * ```
 */
export class ExitCode {
  #code: number = exitCodes.success;
  #isDecided = false;

  get code(): number {
    return this.#code;
  }

  /** The job is being stopped: there is a reason, and its code. */
  get isDecided(): boolean {
    return this.#isDecided;
  }

  /** Gives the job's end a code. True for the first reason; false for all that follow, which change nothing. */
  decide(code: number): boolean {
    if (this.#isDecided) return false;
    this.#isDecided = true;
    this.#code = code;
    return true;
  }

  /** The ranks end well, but something is wrong all the same: the code will be 1, unless a reason with its own comes. */
  spoil(): void {
    if (this.#code === exitCodes.success) this.#code = exitCodes.failure;
  }
}
