import type { Call } from "../calls/call.ts";
import { type Detour, rejectAtSite } from "../calls/call-site.ts";
import type { Ending } from "../wire/agent-protocol.ts";
import type { Parcel } from "../wire/codec/codec.ts";
import type { Envelope } from "../wire/envelope.ts";
import type { Channel } from "./channel.ts";
import type { Letter, Posted } from "./matching.ts";

/**
 * How many bytes of eager messages one rank may have unreceived at another. Beyond it messages wait at their sender
 * until they are matched, whatever their size, so a sender that floods a sleeping rank fills neither's memory.
 */
const creditBytes = 4 * 1024 * 1024;

/** What a message costs its receiver besides its data, counted against the credit. */
export const letterBytes = 256;

/** A send that waits for an answer: `grant` (then its parcel is sent) or `received`. */
export class Outgoing {
  readonly call: Call;
  /** Whether it is a message of the user's own, not a collective's. */
  readonly isMessage: boolean;
  /** What the caller waits for. */
  readonly done: Promise<void>;
  /** The announcement of a message whose bytes are still here; undefined once they have left, or will never leave. */
  request: { readonly envelope: Envelope; readonly parcel: Parcel } | undefined;
  /** Removes the listener of its signal. */
  forget: (() => void) | undefined;
  #resolve!: (done?: Promise<void>) => void;
  #reject!: (error: Error) => void;

  constructor(call: Call, isMessage: boolean) {
    this.call = call;
    this.isMessage = isMessage;
    this.done = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  /** Ends it, well or with an error. The caller of {@link Sends} has removed it from its peer. */
  settle(error: Error | undefined): void {
    this.forget?.();
    if (error === undefined) this.#resolve();
    else rejectAtSite(this.call, error, { resolve: this.#resolve, reject: this.#reject });
  }

  /** Sends the promise that the call waits for on a detour. */
  divert(detour: Detour): void {
    const resolve = this.#resolve;
    const rest = new Promise<void>((next, nextReject) => {
      this.#resolve = next;
      this.#reject = nextReject;
    });
    resolve(detour(rest));
  }
}

/** A matched letter whose payload is still to come. */
export interface Incoming {
  readonly posted: Posted;
  readonly letter: Letter;
  readonly channel: Channel;
}

/** What one rank keeps about another. */
export class Peer {
  /** Packets sent to it and received from it. */
  sent = 0;
  received = 0;
  /** Messages of users sent to it, the tag of the last, and how many of its messages were received here. */
  messages = 0;
  lastTag = 0;
  taken = 0;
  /** Bytes that may still be sent to it eagerly. */
  credit: number = creditBytes;
  /** Bytes of its eager messages that were received here and that it has not been told of yet. */
  owed = 0;
  readonly sends: Map<number, Outgoing> = new Map();
  readonly payloads: Map<number, Incoming> = new Map();
  /** Set when it has ended; `last` is the number of packets it sent here in all. */
  ending: Ending | undefined;
  last: number | undefined;
  graceOver = false;
  /** It has ended, everything it sent is here, and nobody had another explanation for a moment. */
  gone = false;

  /** Telling at half the credit keeps a steady sender from ever running dry, at one small packet per 2 MiB. */
  get owesMuch(): boolean {
    return this.owed >= creditBytes / 2;
  }
}
