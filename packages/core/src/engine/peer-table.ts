import { MpiError } from "../calls/errors.ts";
import type { Mail } from "../wire/agent-protocol.ts";
import { Peer } from "./peer.ts";

/** The peers of one rank, itself included. An entry is made at the first contact. */
export class PeerTable {
  #size: number;
  readonly #peers: (Peer | undefined)[];

  constructor(size: number) {
    this.#size = size;
    this.#peers = new Array(size);
  }

  /** Ranks may join that were not there when the job began. */
  grow(): void {
    this.#size = Number.POSITIVE_INFINITY;
  }

  /** @throws MpiError `protocol` for a rank that is not in the world. */
  get(rank: number): Peer {
    const known = this.#peers[rank];
    if (known !== undefined) return known;
    if (!(rank >= 0 && rank < this.#size)) throw new MpiError("protocol", `there is no rank ${rank}`);
    const peer = new Peer();
    this.#peers[rank] = peer;
    return peer;
  }

  /** Undefined for a rank without contact so far, and for one that does not exist. */
  known(rank: number): Peer | undefined {
    return this.#peers[rank];
  }

  *[Symbol.iterator](): Generator<[rank: number, Peer], void> {
    for (const [rank, peer] of this.#peers.entries()) if (peer !== undefined) yield [rank, peer];
  }

  /** Whether a rank has ended and the calls that wait for it are about to reject. */
  get settling(): boolean {
    for (const [, { ending, gone }] of this) if (ending !== undefined && !gone) return true;
    return false;
  }

  /** A number of each peer, by rank, where it is more than 0. */
  count(of: (peer: Peer) => number): Record<string, number> {
    return Object.fromEntries(
      [...this].map(([rank, peer]) => [rank, of(peer)] as const).filter(([, count]) => count > 0),
    );
  }

  /** The users' messages so far: sent and received. */
  get mail(): Omit<Mail, "unreceived"> {
    const sent: Mail["sent"] = {};
    for (const [rank, { messages, lastTag }] of this) if (messages > 0) sent[rank] = { count: messages, tag: lastTag };
    return { sent, received: this.count(({ taken }) => taken) };
  }
}
