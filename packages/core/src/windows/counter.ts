import type { Call, Identity } from "../calls/call.ts";
import { failure } from "../calls/call.ts";
import { sitedHere } from "../calls/call-site.ts";
import { show } from "../calls/check.ts";
import { noOp, sum } from "../ops/op.ts";
import type { Counter } from "./face.ts";
import type { OpenWindow } from "./open-window.ts";

/** A counter: an element of a window of 64-bit integers. */
export class WindowCounter implements Counter {
  readonly #window: OpenWindow;
  readonly #root: number;
  readonly #who: Identity;

  constructor(window: OpenWindow, root: number, who: Identity) {
    this.#window = window;
    this.#root = root;
    this.#who = who;
  }

  next(by: number = 1): Promise<number> {
    if (!Number.isSafeInteger(by)) {
      const call: Call = { operation: "next", communicator: "counter" };
      const why = `by is ${show(by)}, but it is a whole number`;
      return Promise.reject(failure(this.#who, sitedHere(call), "invalid-argument", why));
    }
    return this.#window.fetchAndOp(BigInt(by), sum, { target: this.#root }).then(Number);
  }

  value(): Promise<number> {
    return this.#window.fetchAndOp(0n, noOp, { target: this.#root }).then(Number);
  }

  close(): Promise<void> {
    return this.#window.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#window[Symbol.asyncDispose]();
  }
}
