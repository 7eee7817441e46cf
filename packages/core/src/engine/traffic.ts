import type { Mail, Unreceived } from "../wire/agent-protocol.ts";
import type { Envelope } from "../wire/envelope.ts";
import type { Channels } from "./channels.ts";
import type { PeerTable } from "./peer-table.ts";

/** What one rank has sent and received so far, for its report when it leaves and for the search for deadlocks. */
export class Traffic {
  readonly #peers: PeerTable;
  readonly #channels: Channels;

  constructor(peers: PeerTable, channels: Channels) {
    this.#peers = peers;
    this.#channels = channels;
  }

  /** Packets sent to each rank, so that a rank knows when it has received the last one. */
  get sent(): Record<string, number> {
    return this.#peers.count(({ sent }) => sent);
  }

  /** Packets received from each rank. */
  get received(): Record<string, number> {
    return this.#peers.count(({ received }) => received);
  }

  /** The users' messages: sent, received, unreceived. */
  get mail(): Mail {
    return { ...this.#peers.mail, unreceived: countMessages(this.unreceived()) };
  }

  /** The users' messages that have arrived and that no call has received. */
  *unreceived(): Generator<Envelope, void> {
    for (const { collective, matching } of this.#channels) {
      if (!collective) for (const { envelope } of matching.unexpected) yield envelope;
    }
  }
}

/** Counts messages by source and tag. */
export function countMessages(envelopes: Iterable<Envelope>): Unreceived[] {
  const kinds = new Map<string, Unreceived>();
  for (const { source, tag } of envelopes) {
    const kind = kinds.get(`${source} ${tag}`);
    if (kind === undefined) kinds.set(`${source} ${tag}`, { source, tag, count: 1 });
    else kind.count += 1;
  }
  return [...kinds.values()];
}
