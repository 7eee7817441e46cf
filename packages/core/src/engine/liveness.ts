import { type Call, failure, type Identity } from "../calls/call.ts";
import { located } from "../calls/call-site.ts";
import { MpiError, type MpiErrorCode, type MpiErrorDetails } from "../calls/errors.ts";
import { describeEnding, type Ending } from "../wire/agent-protocol.ts";
import type { Arrival } from "./arrival.ts";
import type { Channel } from "./channel.ts";
import { any } from "./match-queue.ts";
import type { Peer } from "./peer.ts";
import type { PeerTable } from "./peer-table.ts";

/** What has become of the job and of its ranks, and what a call is told that can get nothing any more. */
export class Liveness {
  readonly #who: Identity;
  readonly #peers: PeerTable;
  #someEnded = false;
  /** Why the job can go on no more: what every further call rejects with. */
  #fatal: { code: MpiErrorCode; why: string; details: MpiErrorDetails } | undefined;

  constructor(who: Identity, peers: PeerTable) {
    this.#who = who;
    this.#peers = peers;
  }

  /** Whether some other rank has ended, or the job: only then can waiting be in vain. */
  get anyEnded(): boolean {
    return this.#someEnded || this.#fatal !== undefined;
  }

  /** Whether the job, or this rank's part in it, is over. */
  get over(): boolean {
    return this.#fatal !== undefined;
  }

  /** The job can go on no more. False when that was so before. */
  end(code: MpiErrorCode, why: string, details: MpiErrorDetails): boolean {
    if (this.#fatal !== undefined) return false;
    this.#fatal = { code, why, details };
    return true;
  }

  /** A rank ended in good order; `last` is how many packets it sent to this rank, when it could say so. */
  ended(ending: Ending, last: number | undefined): Peer {
    const peer = this.#peers.get(ending.rank);
    this.#someEnded = true;
    peer.ending = ending;
    peer.last = last ?? peer.received;
    return peer;
  }

  /** Whether every one of these ranks but this one has ended with exit code 0. */
  endedWell(ranks: readonly number[]): boolean {
    return ranks.every((rank) => rank === this.#who.rank || this.#peers.get(rank).ending?.code === 0);
  }

  /** Why waiting for `source` is in vain, if it is. */
  waitError(call: Call, source: number, channel?: Channel, tag: number = any): MpiError | undefined {
    if (!this.anyEnded) return undefined;
    const error = this.#waitError(call, source, channel, tag);
    const near = error?.code === "rank-failed" ? channel?.matching.near(source, tag) : undefined;
    if (error === undefined || near === undefined || channel?.collective) return error;
    const { code, message, rank, host } = error;
    return new MpiError(code, `${message}; ${describeNear(near, tag)}`, { rank, host });
  }

  #waitError(call: Call, source: number, channel: Channel | undefined, tag: number): MpiError | undefined {
    if (this.#fatal !== undefined) return this.refusal(call);
    if (channel?.matching.peek(source, tag) !== undefined) return undefined; // held for a prober, soon to be had
    if (source === any) {
      const others = (channel?.members ?? []).filter((rank) => rank !== this.#who.rank);
      const lost = others.findLast((rank) => this.#peers.get(rank).gone);
      if (lost === undefined || !others.every((rank) => this.#peers.get(rank).gone)) return undefined;
      return failure(this.#who, located(call), "rank-failed", "all the other ranks are gone", { rank: lost });
    }
    const { gone, ending } = this.#peers.get(source);
    return gone && ending !== undefined ? this.peerGone(call, ending) : undefined;
  }

  /** What a call rejects with whose partner is gone. */
  peerGone(call: Call, ending: Ending): MpiError {
    const { rank, host } = ending;
    return failure(this.#who, located(call), "rank-failed", `rank ${rank} is gone (${describeEnding(ending)})`, {
      rank,
      host,
    });
  }

  /** What every call rejects with once the job is over. */
  refusal(call: Call): MpiError {
    const { code, why, details } = this.#fatal ?? { code: "closed", why: "this world was closed", details: {} };
    return failure(this.#who, located(call), code, why, details);
  }

  /** What a call rejects with that its signal has cancelled. */
  aborted(call: Call, reason: unknown): MpiError {
    const why = reason instanceof Error ? reason.message : String(reason);
    return failure(this.#who, located(call), "aborted", `cancelled: ${why}`, { cause: reason });
  }

  /** The error such that it says who and which call, if it does not yet. */
  explained(call: Call, error: unknown): Error {
    if (!(error instanceof MpiError) || error.rank !== undefined) return error as Error;
    return failure(this.#who, located(call), error.code, error.message, { cause: error.cause });
  }
}

/** Whether a rank was lost: what it said last may never have been asked for. */
export function wasLost({ gone, ending }: Peer): boolean {
  return gone && ending?.code !== 0;
}

/** `a message from rank 0 with tag 5 is there, not 7`: why a receive has got nothing. */
function describeNear({ source, tag: theirs }: Pick<Arrival, "source" | "tag">, tag: number): string {
  const not = tag === any || tag === theirs ? "" : `, not ${tag}`;
  return `a message from rank ${source} with tag ${theirs} is there${not}`;
}
