import type { Call } from "../calls/call.ts";
import type { Detour } from "../calls/call-site.ts";
import type { Elements } from "../calls/regions/block.ts";
import type { Finish } from "./arrival.ts";
import type { Link } from "./linked-list.ts";
import { type Entry, noPlaces } from "./match-queue.ts";

/** A receive or a probe that waits for its message. A collective that waits on a board is one, too. */
export class PostedReceive implements Entry {
  previous: Link = this;
  next: Link = this;
  places: Entry["places"] = noPlaces;
  order = 0;
  readonly source: number;
  readonly tag: number;
  /** A probe leaves the message in the queue. */
  readonly probe: boolean;
  readonly call: Call;
  readonly finish: Finish<unknown>;
  /** The promise that the caller awaits. */
  readonly promise: Promise<unknown>;
  resolve!: (value: unknown) => void;
  reject!: (error: Error) => void;
  /** The caller's array that the message fills, if the caller gave one. */
  into: Elements | undefined;
  /** Cancels the receive until it is matched. `forget` removes the listener from the signal. */
  signal: AbortSignal | undefined;
  forget: (() => void) | undefined;
  /** Whether the source has been asked if it is in the same collective. */
  asked: "no" | "next time" | "yes" = "no";

  constructor(source: number, tag: number, probe: boolean, call: Call, finish: Finish<unknown>, into?: Elements) {
    this.source = source;
    this.tag = tag;
    this.probe = probe;
    this.call = call;
    this.finish = finish;
    this.into = into;
    this.promise = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
  }

  /** Resolves the caller's promise with `detour`, which goes on to wait for the result. See `calls/call-site.ts`. */
  divert(detour: Detour): void {
    const { resolve } = this;
    const rest = new Promise((next, nextReject) => {
      this.resolve = next;
      this.reject = nextReject;
    });
    resolve(detour(rest));
  }
}
