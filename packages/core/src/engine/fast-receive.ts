import type { Call } from "../calls/call.ts";
import { sitedHere } from "../calls/call-site.ts";
import type { Elements } from "../calls/regions/block.ts";
import { decode } from "../wire/codec/codec.ts";
import type { Envelope } from "../wire/envelope.ts";
import type { Packet } from "../wire/packet.ts";
import type { Transport, Watch } from "../wire/transport.ts";
import { Arrival, dataOf, type Finish } from "./arrival.ts";
import type { Channel } from "./channel.ts";
import type { Liveness } from "./liveness.ts";
import { any } from "./match-queue.ts";
import type { Refusal, WaitCounter } from "./wait-counter.ts";

/**
 * A receive that polls for its message before it waits. Most messages come while it polls; they cost neither a
 * {@link PostedReceive} nor its promise. There is one at a time, so its fields are reused.
 */
export class FastReceive {
  readonly #transport: Transport;
  readonly #liveness: Liveness;
  readonly #waits: WaitCounter;
  /** Where it receives; undefined while no receive polls. */
  #channel: Channel | undefined;
  #source: number = any;
  #tag: number = any;
  #call: Call | undefined;
  /** The caller's array for the bytes. */
  into: Elements | undefined;
  #finish: Finish<unknown> = dataOf;
  #over = false;
  #gaveUp = false;
  #value: unknown;
  #error: { readonly thrown: unknown } | undefined;
  /** How many calls had settled when it began to poll. */
  #settledBefore = 0;
  readonly #anySettled: Watch = { advance: () => this.#waits.settled !== this.#settledBefore };

  constructor(transport: Transport, liveness: Liveness, waits: WaitCounter) {
    this.#transport = transport;
    this.#liveness = liveness;
    this.#waits = waits;
  }

  /**
   * Polls some microseconds for the message. True when it has come, or the call was refused: {@link take} gives the
   * outcome. Stops polling when another call settles, so that the code that awaits it can run.
   */
  comesNow(
    channel: Channel,
    source: number,
    tag: number,
    call: Call,
    finish: Finish<unknown>,
    into: Elements | undefined,
  ): boolean {
    if (this.#transport.linger === undefined || this.#liveness.over || !channel.matching.isFree(source, tag))
      return false;
    this.#channel = channel;
    this.#source = source;
    this.#tag = tag;
    this.#call = call;
    this.into = into;
    this.#finish = finish;
    this.#over = false;
    this.#gaveUp = false;
    this.#settledBefore = this.#waits.settled;
    this.#transport.linger(this.#anySettled, source);
    return this.#end();
  }

  fits(channel: Channel, { source, tag }: Envelope): boolean {
    return (
      channel === this.#channel &&
      !this.#over &&
      !this.#gaveUp &&
      (this.#source === any || source === this.#source) &&
      (this.#tag === any || tag === this.#tag)
    );
  }

  /** Takes the message. Its bytes may be gone when this has returned. The sender already has its answer. */
  meet(envelope: Envelope, body: Packet, borrowed: boolean, order: number): void {
    this.#over = true;
    try {
      if (this.#finish === dataOf && body.attachments.length === 0) {
        this.#value = decode(body); // most messages need no Arrival
        return;
      }
      const arrival = new Arrival(envelope, body, borrowed, order);
      arrival.settled = true;
      this.#value = this.#finish(arrival);
    } catch (thrown) {
      this.#error = { thrown };
    }
  }

  /** Rejects the receive if `why` gives an error. */
  refuse(why: Refusal): void {
    const call = this.#call;
    // It polls right now, so the user's line is on the stack.
    const error = call && this.#channel && why(sitedHere(call), this.#source, this.#channel, this.#tag);
    if (error === undefined) return;
    this.#waits.settled++;
    if (this.#over) return;
    this.#over = true;
    this.#error = { thrown: error };
  }

  /** Takes no further message: the receive is going to wait. */
  giveUp(): void {
    this.#gaveUp = true;
  }

  #end(): boolean {
    this.#channel = undefined;
    this.into = undefined;
    this.#finish = dataOf;
    if (!this.#over) this.#call = undefined;
    return this.#over;
  }

  /** The outcome of the receive. An error gets the user's line, which is on the stack. */
  take(): Promise<unknown> {
    const value = this.#value;
    const error = this.#error;
    const call = this.#call as Call;
    this.#value = undefined;
    this.#error = undefined;
    this.#call = undefined;
    if (error === undefined) return Promise.resolve(value);
    return Promise.reject(this.#liveness.explained(sitedHere(call), error.thrown));
  }
}
