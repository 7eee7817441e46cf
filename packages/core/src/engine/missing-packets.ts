import { clearInterval, setInterval } from "../calls/event-loop.ts";
import type { Peer } from "./peer.ts";
import type { PeerTable } from "./peer-table.ts";
import type { WaitCounter } from "./wait-counter.ts";

const lookMs = 1000;
/** So many looks in a row at which this rank listened and nothing came: what is in a healthy network arrives before. */
const looks = 10;

/**
 * Looks out for packets that ranks had sent before they ended well, and that do not arrive: a firewall or a broken link has
 * swallowed them, and nobody is left to send them again. Only looks while this rank listens count; what has not been
 * listened to may be here already.
 */
export class MissingPackets {
  readonly #peers: PeerTable;
  readonly #waits: WaitCounter;
  readonly #found: (source: number, packets: number) => void;
  #timer: NodeJS.Timeout | undefined;
  /** How often in a row was looked at the ranks that have ended, and how many packets each had sent here then. */
  readonly #looks: Map<number, { received: number; times: number }> = new Map();

  constructor(peers: PeerTable, waits: WaitCounter, found: (source: number, packets: number) => void) {
    this.#peers = peers;
    this.#waits = waits;
    this.#found = found;
  }

  /** A rank has ended and not all that it sent is here. Looks until it is. */
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

/** Whether it ended well and has sent more than is here. */
export function isIncomplete({ ending, received, last = 0 }: Peer): boolean {
  return ending?.code === 0 && received < last;
}
