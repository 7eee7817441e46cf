import { MpiError } from "../calls/errors.ts";
import type { Mail } from "../wire/agent-protocol.ts";
import { Peer } from "./peer.ts";

/** What one rank keeps about the others, itself included, by rank: of those that it has had to do with. */
export class PeerTable {
  readonly #size: number;
  readonly #peers: (Peer | undefined)[];

  constructor(size: number) {
    this.#size = size;
    this.#peers = new Array(size);
  }

  /** @throws MpiError `protocol` for a rank that the world has not. */
  get(rank: number): Peer {
    const known = this.#peers[rank];
    if (known !== undefined) return known;
    if (!(rank >= 0 && rank < this.#size)) throw new MpiError("protocol", `there is no rank ${rank}`);
    const peer = new Peer();
    this.#peers[rank] = peer;
    return peer;
  }

  /** Undefined for one that this rank has not had to do with, and for one that there is not. */
  known(rank: number): Peer | undefined {
    return this.#peers[rank];
  }

  *[Symbol.iterator](): Generator<[rank: number, Peer], void> {
    for (const [rank, peer] of this.#peers.entries()) if (peer !== undefined) yield [rank, peer];
  }

  /** Whether a rank has ended and those who wait for it are about to be told. */
  get settling(): boolean {
    for (const [, { ending, gone }] of this) if (ending !== undefined && !gone) return true;
    return false;
  }

  /** How many of something there are of each rank that has any. */
  count(of: (peer: Peer) => number): Record<string, number> {
    return Object.fromEntries(
      [...this].map(([rank, peer]) => [rank, of(peer)] as const).filter(([, count]) => count > 0),
    );
  }

  /** What became of users' messages so far, but for those that were not received. */
  get mail(): Omit<Mail, "unreceived"> {
    const sent: Mail["sent"] = {};
    for (const [rank, { messages, lastTag }] of this) if (messages > 0) sent[rank] = { count: messages, tag: lastTag };
    return { sent, received: this.count(({ taken }) => taken) };
  }
}
