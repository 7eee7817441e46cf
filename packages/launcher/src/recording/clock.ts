import { hostClock } from "@tsmpi/core/bootstrap";

/** One exchange with another host: when the question left, what the other clock said, and when the answer came. */
interface Exchange {
  sent: number;
  there: number;
  received: number;
}

/**
 * The clock of another host, as this one sees it: from exchanges at the beginning and the end of a run. The shortest of them are
 * the most exact; in between, the difference of the clocks is taken to grow evenly.
 */
export class ClockOf {
  readonly #exchanges: Exchange[] = [];

  /** @param received by the clock of this host, as `sent` */
  note(sent: number, there: number, received: number = hostClock()): void {
    this.#exchanges.push({ sent, there, received });
  }

  /** Half of the shortest round trip, in ms; 0 without any: then both are one host. */
  get errorMs(): number {
    return this.#exchanges.length === 0 ? 0 : roundTrip(shortest(this.#exchanges)) / 2;
  }

  /** The time here at a time there. */
  here(there: number): number {
    const all = this.#exchanges;
    if (all.length === 0) return there;
    const quarter = Math.ceil(all.length / 4);
    const first = shortest(all.slice(0, quarter));
    const last = shortest(all.slice(-quarter));
    if (last.sent - first.sent < driftMs) return there + difference(shortest(all));
    const [before, after] = [difference(first), difference(last)];
    const span = last.there - first.there;
    const share = span > 0 ? (there - first.there) / span : 0;
    return there + before + (after - before) * Math.min(1.5, Math.max(-0.5, share));
  }
}

/** Clocks of hosts drift by a millisecond in some minutes. In less time than this the error of an exchange is greater. */
const driftMs = 10_000;

function roundTrip({ sent, received }: Exchange): number {
  return received - sent;
}

/** What is added to the clock there. */
function difference({ sent, there, received }: Exchange): number {
  return (sent + received) / 2 - there;
}

function shortest(exchanges: readonly Exchange[]): Exchange {
  return exchanges.reduce((best, each) => (roundTrip(each) < roundTrip(best) ? each : best));
}
