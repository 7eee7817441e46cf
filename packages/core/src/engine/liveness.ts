import { cancelled } from "../calls/abort.ts";
import { type Call, failure, type Identity } from "../calls/call.ts";
import { located } from "../calls/call-site.ts";
import { MpiError, type MpiErrorCode, type MpiErrorDetails } from "../calls/errors.ts";
import { describeEnding, type Ending } from "../wire/agent-protocol.ts";
import type { Arrival } from "./arrival.ts";
import type { Channel } from "./channel.ts";
import { any } from "./match-queue.ts";
import type { Peer } from "./peer.ts";
import type { PeerTable } from "./peer-table.ts";

/** Which ranks have ended, whether the job is over, and the errors of the calls that wait for them. */
export class Liveness {
  readonly #who: Identity;
  readonly #peers: PeerTable;
  #someEnded = false;
  /** Why the job cannot go on. Every further call rejects with it. */
  #fatal: { code: MpiErrorCode; why: string; details: MpiErrorDetails } | undefined;

  constructor(who: Identity, peers: PeerTable) {
    this.#who = who;
    this.#peers = peers;
  }

  /** Whether any other rank has ended, or the job. Only then can a call wait in vain. */
  get anyEnded(): boolean {
    return this.#someEnded || this.#fatal !== undefined;
  }

  /** Whether the job, or this rank's part in it, is over. */
  get over(): boolean {
    return this.#fatal !== undefined;
  }

  /** The job cannot go on. False if it was over before. */
  end(code: MpiErrorCode, why: string, details: MpiErrorDetails): boolean {
    if (this.#fatal !== undefined) return false;
    this.#fatal = { code, why, details };
    return true;
  }

  /**
   * A rank ended and the others go on (exit code 0, or `--keep-going`). `last` is how many packets it sent to this rank, if
   * it reported that.
   */
  ended(ending: Ending, last: number | undefined): Peer {
    const peer = this.#peers.get(ending.rank);
    this.#someEnded = true;
    peer.ending = ending;
    peer.last = last ?? peer.received;
    return peer;
  }

  /** Whether all of these ranks, except this one, have ended with exit code 0. */
  endedWell(ranks: readonly number[]): boolean {
    return ranks.every((rank) => rank === this.#who.rank || this.#peers.get(rank).ending?.code === 0);
  }

  /** The error of a call that waits for `source` in vain; undefined if the message may still come. */
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
    if (channel?.matching.peek(source, tag) !== undefined) return undefined; // held for the caller of a probe, and free again soon
    if (source === any) {
      const others = (channel?.members ?? []).filter((rank) => rank !== this.#who.rank);
      const lost = others.findLast((rank) => this.#peers.get(rank).gone);
      if (lost === undefined || !others.every((rank) => this.#peers.get(rank).gone)) return undefined;
      return failure(this.#who, located(call), "rank-failed", "all the other ranks are gone", { rank: lost });
    }
    const { gone, ending } = this.#peers.get(source);
    return gone && ending !== undefined ? this.peerGone(call, ending) : undefined;
  }

  /** The error of a call whose peer is gone. */
  peerGone(call: Call, ending: Ending): MpiError {
    const { rank, host } = ending;
    return failure(this.#who, located(call), "rank-failed", `rank ${rank} is gone (${describeEnding(ending)})`, {
      rank,
      host,
    });
  }

  /** The error of every call once the job is over. */
  refusal(call: Call): MpiError {
    const { code, why, details } = this.#fatal ?? { code: "closed", why: "this world was closed", details: {} };
    return failure(this.#who, located(call), code, why, details);
  }

  /** The error of a call that its signal has cancelled. */
  aborted(call: Call, reason: unknown): MpiError {
    return this.explained(call, cancelled(reason)) as MpiError;
  }

  /** Adds the rank and the call to an error that does not have them yet. */
  explained(call: Call, error: unknown): Error {
    if (!(error instanceof MpiError) || error.rank !== undefined) return error as Error;
    return failure(this.#who, located(call), error.code, error.message, { cause: error.cause });
  }
}

/** Whether a rank ended with an error. Its last messages may never have been asked for. */
export function wasLost({ gone, ending }: Peer): boolean {
  return gone && ending?.code !== 0;
}

/** `a message from rank 0 with tag 5 is there, not 7`: why the receive did not match. */
function describeNear({ source, tag: theirs }: Pick<Arrival, "source" | "tag">, tag: number): string {
  const not = tag === any || tag === theirs ? "" : `, not ${tag}`;
  return `a message from rank ${source} with tag ${theirs} is there${not}`;
}
