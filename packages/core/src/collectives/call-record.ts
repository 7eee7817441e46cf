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

/** The collectives of one communicator on one rank: their numbers, which are under way, and what is known of the last ones. */
export class CallRecord {
  readonly active: Map<number, Active> = new Map();
  /** One that has failed here is forgotten: its arguments may be what was wrong, and say nothing of where the others are. */
  readonly #recent: RecentCalls;
  #hasFailed = false;
  #next = 0;
  /** The last one that has ended here. */
  #ended = -1;

  /** @param all every call's line is kept, whatever that costs */
  constructor(all: boolean) {
    this.#recent = new RecentCalls(all);
  }

  /** The number of the next collective. Called on the way from the user to `above`, whose callers are looked at. */
  number(signature: number, above: (...args: never[]) => unknown): number {
    const number = this.#next++;
    this.#recent.note(number, signature, above);
    return number;
  }

  /** One that may have to wait. Others end at once and never enter. */
  enter(number: number, call: Call, signature: number): void {
    call.stack ??= this.#recent.stackOf(number);
    this.active.set(number, { call, signature });
  }

  /** One that has never entered: a tenth of a small collective goes into a look at the map. */
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

  /** Whether this rank has begun it. */
  hasBegun(number: number): boolean {
    return number < this.#next;
  }

  /** Whether this rank has been in it and is no more. The latest one may be under way and not have entered. */
  isOver(number: number): boolean {
    return this.hasBegun(number) && !this.active.has(number) && (number < this.#next - 1 || number <= this.#ended);
  }

  /** Undefined for one that is forgotten, or has failed here. */
  signatureOf(number: number): number | undefined {
    return this.active.get(number)?.signature ?? this.#recent.signatureOf(number);
  }

  siteOf(number: number): string | undefined {
    return this.#recent.siteOf(number);
  }

  /** The call as it is under way, or as far as it is remembered; with its line, where that is known. */
  callOf(number: number): Call {
    const active = this.active.get(number)?.call;
    const signature = this.#recent.signatureOf(number);
    const call = active ?? (signature === undefined ? { operation: `collective ${number}` } : callOf(signature));
    call.site ??= this.siteOf(number);
    return call;
  }

  /** How many were called here, and the last few: what ranks compare in the end. */
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

/** So many of the last collectives of a communicator are told when a rank leaves. */
const mostTold = 8;
