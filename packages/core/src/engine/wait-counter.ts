import type { Call } from "../calls/call.ts";
import { rejectAtSite } from "../calls/call-site.ts";
import type { MpiError } from "../calls/errors.ts";
import { StackSampler } from "../calls/stack-sampler.ts";
import type { Transport } from "../wire/transport.ts";
import type { Channel } from "./channel.ts";
import type { Posted } from "./matching.ts";

/** How many operations of a rank wait for others. While there are any, arrivals are listened to. */
export class Waits {
  readonly #transport: Transport;
  count = 0;
  /** Grows whenever something happens here: who sees the same number twice knows that nothing did in between. */
  steps = 0;
  /** How many calls have what they waited for, or have been told that they wait in vain. */
  settled = 0;
  /** Where calls that wait were made: a promise that nobody awaits tells nothing of it. */
  readonly #sampler: StackSampler;

  /** @param all every call's stack is taken, whatever that costs */
  constructor(transport: Transport, all = false) {
    this.#transport = transport;
    this.#sampler = new StackSampler(all ? Number.POSITIVE_INFINITY : 16);
  }

  begin(): void {
    this.steps++;
    if (++this.count === 1) this.#transport.listen(true);
  }

  /** {@link begin}, for a call that the user is making right now. */
  beginCall(call: Call): void {
    this.begin();
    call.stack ??= this.#sampler.take();
  }

  end(): void {
    this.steps++;
    if (--this.count === 0) this.#transport.listen(false);
  }

  /** One that was posted waits no more; its promise is still to be told. */
  endOf(posted: Posted): void {
    this.settled++;
    posted.forget?.();
    this.end();
  }

  /** With `quiet` its rejection needs no handler. */
  refuse(posted: Posted, error: Error, quiet = false): void {
    this.endOf(posted);
    if (quiet) ignore(posted.promise);
    if (quiet) posted.reject(error);
    else rejectAtSite(posted.call, error, posted);
  }
}

/** Why a call that waits for that rank of the world (or `any`), for this tag of this channel, waits in vain; if it does. */
export type Refusal = (call: Call, source: number, channel?: Channel, tag?: number) => MpiError | undefined;

/** Its rejection is told by another promise: Node is not to take it for one that nobody handles. */
export function ignore(promise: Promise<unknown>): void {
  promise.catch(nothing);
}

function nothing(): void {}
