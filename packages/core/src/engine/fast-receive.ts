import type { Call } from "../calls/call.ts";
import type { MpiError } from "../calls/errors.ts";
import type { TypedArray } from "../calls/typed-array.ts";
import { decode } from "../wire/codec/codec.ts";
import type { Envelope } from "../wire/envelope.ts";
import type { Packet } from "../wire/packet.ts";
import type { Channel } from "./channel.ts";
import { Arrival, any, dataOf, type Finish } from "./matching.ts";

/** A receive that looks for its arrival before it waits: one at a time. */
export class FastReceive {
  /** Where it looks; undefined when none does. */
  channel: Channel | undefined;
  source: number = any;
  tag: number = any;
  call: Call | undefined;
  /** Where its caller wants the bytes. */
  into: TypedArray | undefined;
  #finish: Finish<unknown> = dataOf;
  #over = false;
  #gaveUp = false;
  #value: unknown;
  #error: { readonly thrown: unknown } | undefined;

  begin(
    channel: Channel,
    source: number,
    tag: number,
    call: Call,
    finish: Finish<unknown>,
    into: TypedArray | undefined,
  ): void {
    this.channel = channel;
    this.source = source;
    this.tag = tag;
    this.call = call;
    this.into = into;
    this.#finish = finish;
    this.#over = false;
    this.#gaveUp = false;
  }

  fits(channel: Channel, { source, tag }: Envelope): boolean {
    return (
      channel === this.channel &&
      !this.#over &&
      !this.#gaveUp &&
      (this.source === any || source === this.source) &&
      (this.tag === any || tag === this.tag)
    );
  }

  /** The arrival's bytes may be gone when this has returned. Its sender has been told already what it wants to know. */
  meet(envelope: Envelope, body: Packet, borrowed: boolean, order: number): void {
    this.#over = true;
    try {
      if (this.#finish === dataOf && body.attachments.length === 0) {
        this.#value = decode(body); // for most messages no arrival is made
        return;
      }
      const arrival = new Arrival(envelope, body, borrowed, order);
      arrival.settled = true;
      this.#value = this.#finish(arrival);
    } catch (thrown) {
      this.#error = { thrown };
    }
  }

  refuse(error: MpiError): void {
    if (this.#over) return;
    this.#over = true;
    this.#error = { thrown: error };
  }

  /** Nothing that comes is for this receive any more: it is going to wait. */
  giveUp(): void {
    this.#gaveUp = true;
  }

  /** It looks no more. Whether its arrival has come, or it was refused: {@link take} has it. */
  end(): boolean {
    this.channel = undefined;
    this.into = undefined;
    this.#finish = dataOf;
    if (!this.#over) this.call = undefined;
    return this.#over;
  }

  /** What the receive made of its arrival; `explained` has an error say who and which call. */
  take(explained: (call: Call, error: unknown) => Error): Promise<unknown> {
    const value = this.#value;
    const error = this.#error;
    const call = this.call as Call;
    this.#value = undefined;
    this.#error = undefined;
    this.call = undefined;
    return error === undefined ? Promise.resolve(value) : Promise.reject(explained(call, error.thrown));
  }
}
