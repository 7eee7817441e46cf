import type { Ending, Stuck } from "@tsmpi/core/bootstrap";
import { type Doing, remarks, table } from "./whereabouts.ts";

/**
 * Hears which ranks are stuck and finds out whether the job is: every rank that has not ended has waited for a while
 * with nothing happening, and every packet that one of them has sent another has arrived.
 */
export class DeadlockWatch {
  readonly #stuck = new Map<number, Stuck & { host: string }>();

  stuck(rank: number, host: string, stuck: Stuck): void {
    this.#stuck.set(rank, { ...stuck, host });
  }

  moving(rank: number): void {
    this.#stuck.delete(rank);
  }

  /** The table of who waits for whom, when nobody can go on; else undefined. */
  report(size: number, endings: ReadonlyMap<number, Ending>): string | undefined {
    const alive = Array.from({ length: size }, (_, rank) => rank).filter((rank) => !endings.has(rank));
    if (alive.length === 0 || !alive.every((rank) => this.#stuck.has(rank))) return undefined;
    const underway = alive.some((from) => alive.some((to) => this.#sent(from, to) !== this.#received(to, from)));
    if (underway) return undefined;
    const doings = alive.map((rank): Doing => {
      const where = this.#stuck.get(rank) as Stuck & { host: string };
      return { rank, host: where.host, where };
    });
    const ended = endings.size === 0 ? "" : `, ${endings.size} of ${size} ranks have ended`;
    const title = `deadlock: every rank waits and nothing is on its way${ended}`;
    return [title, table(doings), ...remarks(doings)].join("\n");
  }

  #sent(from: number, to: number): number {
    return this.#stuck.get(from)?.sent[to] ?? 0;
  }

  #received(by: number, from: number): number {
    return this.#stuck.get(by)?.received[from] ?? 0;
  }
}
