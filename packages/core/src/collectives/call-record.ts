import { type Call, describe } from "../calls/call.ts";
import type { Joined } from "../wire/unjoined.ts";
import { RecentCalls } from "./recent-calls.ts";
import { callOf } from "./signature.ts";

/** A collective that is under way. */
export interface Active {
  readonly call: Call;
  /** Operation, root and reducer, as its messages carry them. */
  readonly signature: number;
}

/** The collectives of one communicator on one rank: their numbers, those under way, and the most recent ones. */
export class CallRecord {
  readonly active: Map<number, Active> = new Map();
  /** A failed collective is forgotten: its arguments may have been wrong, so they do not show what other ranks called. */
  readonly #recent: RecentCalls;
  #hasFailed = false;
  #next = 0;
  /** Number of the last collective that has ended here. */
  #ended = -1;

  /** @param all keep the source line of every call, at any cost */
  constructor(all: boolean) {
    this.#recent = new RecentCalls(all);
  }

  /** Numbers the next collective. Called below `above`; the stack is taken from the callers of `above`. */
  number(signature: number, above: (...args: never[]) => unknown): number {
    const number = this.#next++;
    this.#recent.note(number, signature, above);
    return number;
  }

  /** A collective that may have to wait. One that ends at once never enters. */
  enter(number: number, call: Call, signature: number): void {
    call.stack ??= this.#recent.stackOf(number);
    this.active.set(number, { call, signature });
  }

  /** A collective that never entered. Skips the map, because a lookup costs a tenth of a small collective. */
  endedAtOnce(number: number): void {
    this.#ended = number;
  }

  ended(number: number): void {
    this.active.delete(number);
    this.#ended = Math.max(this.#ended, number);
  }

  failed(number: number): void {
    this.#hasFailed = true;
    this.#recent.forget(number);
  }

  /** Whether this rank has called it. */
  hasBegun(number: number): boolean {
    return number < this.#next;
  }

  /** Whether it has ended here. The latest one may be under way without having entered. */
  isOver(number: number): boolean {
    return this.hasBegun(number) && !this.active.has(number) && (number < this.#next - 1 || number <= this.#ended);
  }

  /** Undefined for a collective that is forgotten or has failed here. */
  signatureOf(number: number): number | undefined {
    return this.active.get(number)?.signature ?? this.#recent.signatureOf(number);
  }

  siteOf(number: number): string | undefined {
    return this.#recent.siteOf(number);
  }

  /** The call under way, or what is remembered of it, with its source line where known. */
  callOf(number: number): Call {
    const active = this.active.get(number)?.call;
    const signature = this.#recent.signatureOf(number);
    const call = active ?? (signature === undefined ? { operation: `collective ${number}` } : callOf(signature));
    call.site ??= this.siteOf(number);
    return call;
  }

  /** The number of collectives called here and the last few. Ranks compare these at the end. */
  get ledger(): Pick<Joined, "failed" | "count" | "last"> {
    const last: Joined["last"] = [];
    for (let number = Math.max(0, this.#next - mostTold); number < this.#next; number++) {
      const signature = this.#recent.signatureOf(number);
      const site = this.siteOf(number);
      const call = signature === undefined ? "a collective" : describe(callOf(signature));
      last.push({ number, call, ...(site !== undefined && { site }) });
    }
    return { failed: this.#hasFailed, count: this.#next, last };
  }
}

/** How many of the last collectives a rank reports when it leaves. */
const mostTold = 8;
