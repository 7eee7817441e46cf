import { type Call, failure, type Identity } from "../calls/call.ts";
import { sitedHere } from "../calls/call-site.ts";
import { checkOptions, knownOptions } from "../calls/check-options.ts";
import type { MpiError } from "../calls/errors.ts";
import type { CallOptions } from "../calls/options.ts";
import type { HeldLock, Mutex } from "./face.ts";
import type { OpenWindow } from "./open-window.ts";

/** A mutex: the lock of rank 0's part of a window without elements. */
export class WindowMutex implements Mutex {
  readonly #window: OpenWindow;
  readonly #who: Identity;

  constructor(window: OpenWindow, who: Identity) {
    this.#window = window;
    this.#who = who;
  }

  lock(options: CallOptions = {}): Promise<HeldLock> {
    try {
      checkOptions(knownOptions.mutexLock, options);
    } catch (error) {
      const call: Call = { operation: "lock", communicator: "mutex" };
      const { code, message } = error as MpiError;
      return Promise.reject(failure(this.#who, sitedHere(call), code, message));
    }
    return this.#window.lock({ target: 0, signal: options.signal });
  }

  close(): Promise<void> {
    return this.#window.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#window[Symbol.asyncDispose]();
  }
}
