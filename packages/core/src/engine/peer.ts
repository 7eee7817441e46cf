import type { Call } from "../calls/call.ts";
import { type Detour, rejectAtSite } from "../calls/call-site.ts";
import type { MpiError } from "../calls/errors.ts";
import type { Ending } from "../wire/agent-protocol.ts";
import type { Parcel } from "../wire/codec/codec.ts";
import type { Envelope } from "../wire/envelope.ts";
import type { Arrival } from "./arrival.ts";
import type { Channel } from "./channel.ts";
import type { PostedReceive } from "./posted-receive.ts";

/**
 * How many bytes of eager messages may be unreceived at a peer. Beyond that, messages of any size wait at their sender
 * until they are matched. So a sender that floods a busy receiver fills the memory of neither.
 */
const creditBytes = 4 * 1024 * 1024;

/** What a message costs its receiver besides its data; counted against the credit. */
export const overheadBytes = 256;

/** A send that waits for `grant` (then its parcel is sent) or `received`. */
export class Outgoing {
  readonly call: Call;
  readonly channel: Channel;
  /** Whether it is a user's message, and was announced. */
  readonly isMessage: boolean;
  /** The promise that the caller awaits. */
  readonly done: Promise<void>;
  /** The request of a message whose bytes are still here; undefined once they have left, or never will. */
  request: { readonly envelope: Envelope; readonly parcel: Parcel } | undefined;
  /** The send rejects with this once its receiver has answered. */
  refusal: MpiError | undefined;
  /** Removes the listener from its signal. */
  forget: (() => void) | undefined;
  #resolve!: (done?: Promise<void>) => void;
  #reject!: (error: Error) => void;

  constructor(call: Call, channel: Channel, isMessage: boolean) {
    this.call = call;
    this.channel = channel;
    this.isMessage = isMessage;
    this.done = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  /** Resolves or rejects the send. The caller has removed it from its peer. */
  settle(error: Error | undefined): void {
    this.forget?.();
    if (error === undefined) this.#resolve();
    else rejectAtSite(this.call, error, { resolve: this.#resolve, reject: this.#reject });
  }

  /** Resolves the caller's promise with `detour`, which goes on to wait for the result. See `calls/call-site.ts`. */
  divert(detour: Detour): void {
    const resolve = this.#resolve;
    const rest = new Promise<void>((next, nextReject) => {
      this.#resolve = next;
      this.#reject = nextReject;
    });
    resolve(detour(rest));
  }
}

/** A matched message whose payload is still to come. */
export interface Incoming {
  readonly posted: PostedReceive;
  readonly arrival: Arrival;
  readonly channel: Channel;
}

/** What this rank knows about one peer. */
export class Peer {
  /** Packets sent to the peer and received from it. */
  sent = 0;
  received = 0;
  /**
   * Users' messages: how many were sent to the peer, the tag of the last one, and how many of the peer's were received.
   */
  messages = 0;
  lastTag = 0;
  taken = 0;
  /** Bytes that may still be sent to the peer eagerly. */
  credit: number = creditBytes;
  /** Bytes of the peer's eager messages that were received here and not yet returned as credit. */
  owed = 0;
  readonly sends: Map<number, Outgoing> = new Map();
  readonly payloads: Map<number, Incoming> = new Map();
  /** Set when the peer has ended; `last` is the number of packets that it sent here in all. */
  ending: Ending | undefined;
  last: number | undefined;
  graceOver = false;
  /** The peer has ended, all its packets are here, and the grace time is over. */
  gone = false;

  /**
   * Credit is returned at half of it: a steady sender never runs out, at the cost of one small packet for each 2 MiB.
   */
  get owesMuch(): boolean {
    return this.owed >= creditBytes / 2;
  }
}
