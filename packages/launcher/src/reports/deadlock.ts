import type { Ending, Stuck, Traffic } from "@tsmpi/core/bootstrap";
import { type Doing, remarks, table } from "./rank-activity.ts";

/** Packets of one rank that have not arrived at another. */
export interface Underway {
  source: number;
  dest: number;
  packets: number;
}

/**
 * Learns which ranks are stuck, and decides whether the job is: every rank that has not ended has waited for a while with
 * nothing happening, and all packets between them have arrived.
 */
export class DeadlockWatch {
  readonly #stuck = new Map<number, Stuck & { host: string }>();

  stuck(rank: number, host: string, stuck: Stuck): void {
    this.#stuck.set(rank, { ...stuck, host });
  }

  moving(rank: number): void {
    this.#stuck.delete(rank);
  }

  /** The table of waiting ranks if no rank can go on; else undefined. */
  report(size: number, endings: ReadonlyMap<number, Ending>): string | undefined {
    const doings = this.doings(size, endings);
    if (doings.length === 0 || this.underway(size, endings) !== undefined) return undefined;
    const ended = endings.size === 0 ? "" : `, ${endings.size} of ${size} ranks have ended`;
    const title = `deadlock: every rank waits and nothing is on its way${ended}`;
    return [title, table(doings), ...remarks(doings)].join("\n");
  }

  /** What each rank waits for, if no rank can go on; else none. */
  doings(size: number, endings: ReadonlyMap<number, Ending>): Doing[] {
    return (this.#allStuck(size, endings) ?? []).map((rank): Doing => {
      const where = this.#stuck.get(rank) as Stuck & { host: string };
      return { rank, host: where.host, where };
    });
  }

  /** Packets that are under way while every rank waits; undefined if there are none, or some rank can go on. */
  underway(size: number, endings: ReadonlyMap<number, Ending>): Underway | undefined {
    const alive = this.#allStuck(size, endings) ?? [];
    return underway(new Map(alive.map((rank) => [rank, this.#stuck.get(rank) as Stuck])));
  }

  /** The ranks that have not ended, if all of them are stuck. */
  #allStuck(size: number, endings: ReadonlyMap<number, Ending>): number[] | undefined {
    const alive = Array.from({ length: size }, (_, rank) => rank).filter((rank) => !endings.has(rank));
    return alive.length > 0 && alive.every((rank) => this.#stuck.has(rank)) ? alive : undefined;
  }
}

/** The first pair of ranks with packets that were sent and not received. */
export function underway(ranks: ReadonlyMap<number, Traffic>): Underway | undefined {
  for (const [source, { sent }] of ranks) {
    for (const [dest, { received }] of ranks) {
      const packets = (sent[dest] ?? 0) - (received[source] ?? 0);
      if (packets !== 0) return { source, dest, packets };
    }
  }
  return undefined;
}
