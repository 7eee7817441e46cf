import { clearInterval, setInterval } from "../calls/event-loop.ts";
import type { Peer } from "./peer.ts";
import type { PeerTable } from "./peer-table.ts";
import type { WaitCounter } from "./wait-counter.ts";

const lookMs = 1000;
/** Checks in a row at which this rank listened and no packet came. In a healthy network packets arrive sooner. */
const looks = 10;

/**
 * Watches for packets that a rank sent before it ended with exit code 0 and that do not arrive. A firewall or a broken
 * link has dropped them, and no process is left to send them again. Counts only the checks at which this rank listens:
 * otherwise the packets may be here, unread.
 */
export class MissingPackets {
  readonly #peers: PeerTable;
  readonly #waits: WaitCounter;
  readonly #found: (source: number, packets: number) => void;
  #timer: NodeJS.Timeout | undefined;
  /**
   * For each rank that has ended: how many checks in a row have found no new packet, and how many packets it had sent
   * by then.
   */
  readonly #looks: Map<number, { received: number; times: number }> = new Map();

  constructor(peers: PeerTable, waits: WaitCounter, found: (source: number, packets: number) => void) {
    this.#peers = peers;
    this.#waits = waits;
    this.#found = found;
  }

  /** A rank has ended and some of its packets are not here. Checks until they are. */
  watch(): void {
    this.#timer ??= setInterval(() => this.#look(), lookMs).unref();
  }

  end(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #look(): void {
    const incomplete = [...this.#peers].filter(([, peer]) => isIncomplete(peer));
    if (incomplete.length === 0) this.end();
    for (const [rank, { received, last = 0 }] of incomplete) {
      const before = this.#looks.get(rank);
      const counts = this.#waits.count > 0 && before?.received === received;
      const times = counts ? before.times + 1 : 0;
      this.#looks.set(rank, { received, times });
      if (times < looks) continue;
      this.end();
      this.#found(rank, last - received);
      return;
    }
  }
}

/** Whether the rank ended with exit code 0 and sent more packets than have arrived. */
export function isIncomplete({ ending, received, last = 0 }: Peer): boolean {
  return ending?.code === 0 && received < last;
}
