import type { Call } from "../calls/call.ts";
import { rejectAtSite } from "../calls/call-site.ts";
import type { MpiError } from "../calls/errors.ts";
import { StackSampler } from "../calls/stack-sampler.ts";
import type { Transport } from "../wire/transport.ts";
import type { Channel } from "./channel.ts";
import type { PostedReceive } from "./posted-receive.ts";

/** Counts the operations of one rank that wait for others. The transport listens while there are any. */
export class WaitCounter {
  readonly #transport: Transport;
  count = 0;
  /** Grows at every event. If it has not changed, nothing has happened in between. */
  steps = 0;
  /** How many calls have settled. */
  settled = 0;
  /** Takes stacks of calls that wait. A promise that is not awaited has no other trace of its call. */
  readonly #sampler: StackSampler;

  /** @param all takes the stack of every call, whatever that costs */
  constructor(transport: Transport, all = false) {
    this.#transport = transport;
    this.#sampler = new StackSampler(all ? Number.POSITIVE_INFINITY : 16);
  }

  begin(): void {
    this.steps++;
    if (++this.count === 1) this.#transport.listen(true);
  }

  /** {@link begin}, for a call that the user makes right now. */
  beginCall(call: Call): void {
    this.begin();
    call.stack ??= this.#sampler.take();
  }

  /** The promise of a call that ends at once. */
  atOnce<T>(value: T): Promise<T> {
    this.steps++;
    this.settled++;
    const turn = this.#transport.turn?.();
    return turn === undefined ? Promise.resolve(value) : turn.then(() => value);
  }

  end(): void {
    this.steps++;
    if (--this.count === 0) this.#transport.listen(false);
  }

  /** A posted receive stops waiting; the caller settles its promise. */
  endOf(posted: PostedReceive): void {
    this.settled++;
    posted.forget?.();
    this.end();
  }

  /** `quiet`: the rejection needs no handler. */
  refuse(posted: PostedReceive, error: Error, quiet = false): void {
    this.endOf(posted);
    if (quiet) {
      ignore(posted.promise);
      posted.reject(error);
    } else {
      rejectAtSite(posted.call, error, posted);
    }
  }
}

/**
 * The error of a call that waits in vain for this rank of the world (or `any`) and this tag of this channel; undefined
 * if it may still succeed.
 */
export type Refusal = (call: Call, source: number, channel?: Channel, tag?: number) => MpiError | undefined;

/** Marks a rejection as handled, because another promise reports it. */
export function ignore(promise: Promise<unknown>): void {
  promise.catch(nothing);
}

function nothing(): void {}
