import { setTimeout } from "../calls/event-loop.ts";
import type { Ending } from "../wire/agent-protocol.ts";
import type { BoardWaits } from "./board-waits.ts";
import type { Liveness } from "./liveness.ts";
import { isIncomplete, MissingPackets } from "./missing-packets.ts";
import type { PeerTable } from "./peer-table.ts";
import type { Refusal, WaitCounter } from "./wait-counter.ts";

/**
 * How long after a rank has ended with exit code 0 the calls that wait for it reject. The rank may have ended because a
 * collective failed. The notice that says why comes from a third rank, by another route.
 */
const graceMs = 50;

/**
 * What follows when a rank has ended and the others go on: with exit code 0, or in any way under `--keep-going`. Its last
 * packets arrive, then the calls that wait for it reject.
 */
export class PeerEndings {
  readonly #peers: PeerTable;
  readonly #liveness: Liveness;
  readonly #waits: WaitCounter;
  readonly #boardWaits: BoardWaits;
  readonly #missing: MissingPackets;
  readonly #refuse: (why: Refusal) => void;

  /**
   * @param refuse rejects the pending calls for which its argument gives an error
   * @param lost called when packets of such a rank will not arrive
   */
  constructor(
    peers: PeerTable,
    liveness: Liveness,
    waits: WaitCounter,
    boardWaits: BoardWaits,
    refuse: (why: Refusal) => void,
    lost: (source: number, packets: number) => void,
  ) {
    this.#peers = peers;
    this.#liveness = liveness;
    this.#waits = waits;
    this.#boardWaits = boardWaits;
    this.#refuse = refuse;
    this.#missing = new MissingPackets(peers, waits, lost);
  }

  /**
   * A rank ended and the others go on (exit code 0, or `--keep-going`). `last` is how many packets it sent to this rank, if
   * it reported that.
   */
  ended(ending: Ending, last: number | undefined): void {
    const peer = this.#liveness.ended(ending, last);
    if (isIncomplete(peer)) this.#missing.watch();
    const timer = setTimeout(() => {
      peer.graceOver = true;
      this.settle(ending.rank);
    }, graceMs);
    if (this.#waits.count === 0) timer.unref();
  }

  /** Rejects the calls that wait for a rank that has ended, once its grace time is over and all its packets are here. */
  settle(rank: number): void {
    const peer = this.#peers.get(rank);
    if (peer.gone || !peer.graceOver || peer.received < (peer.last ?? 0)) return;
    peer.gone = true;
    this.#boardWaits.poll(false);
    if (this.#waits.count === 0) return;
    this.#refuse((call, source, channel, tag) => this.#liveness.waitError(call, source, channel, tag));
  }

  close(): void {
    this.#missing.end();
  }
}
