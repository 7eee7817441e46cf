import type { Envelope } from "../wire/envelope.ts";
import type { Arrival } from "./arrival.ts";
import { Channel } from "./channel.ts";
import type { PostedReceive } from "./posted-receive.ts";

/** Identifies a channel. */
type Key = Pick<Envelope, "context" | "collective">;

/** The channels of one rank. */
export class Channels {
  readonly #open: Map<number, Channel> = new Map();
  /** The channels that were closed here. Their numbers are never used again. */
  readonly #closed: Set<number> = new Set();
  readonly #matched: (posted: PostedReceive, arrival: Arrival) => void;

  /** `matched` is called when a posted receive or probe meets its message. */
  constructor(matched: (posted: PostedReceive, arrival: Arrival) => void) {
    this.#matched = matched;
  }

  /** Creates the channel at the first call. */
  get(key: Key): Channel {
    return this.known(key) ?? this.#make(key);
  }

  /** Undefined unless it was asked for, or a packet for it has come. */
  known({ context, collective }: Key): Channel | undefined {
    return this.#open.get(numberOf(context, collective));
  }

  /** The channel of a packet; undefined if it was closed here. */
  of(envelope: Envelope): Channel | undefined {
    const { context, collective } = envelope;
    const number = numberOf(context, collective);
    return this.#open.get(number) ?? (this.#closed.has(number) ? undefined : this.#make(envelope));
  }

  close({ context, collective }: Channel): void {
    const number = numberOf(context, collective);
    this.#open.delete(number);
    this.#closed.add(number);
  }

  [Symbol.iterator](): Iterator<Channel> {
    return this.#open.values();
  }

  #make({ context, collective }: Key): Channel {
    const channel = new Channel(context, collective, this.#matched);
    this.#open.set(numberOf(context, collective), channel);
    return channel;
  }
}

function numberOf(context: number, collective: boolean): number {
  return context * 2 + (collective ? 1 : 0);
}
