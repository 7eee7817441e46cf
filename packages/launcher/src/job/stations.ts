import { setImmediate as turn } from "node:timers/promises";
import type { Channel } from "../link/channel.ts";
import { encodedOnce } from "../link/framing.ts";
import type { HostPlan, Order, RankProgram, Report } from "../link/messages.ts";

/** One agent and what it has been given to do. */
export interface Station {
  channel: Channel<Order, Report>;
  plan: HostPlan;
  /** Ranks of another host cannot reach those of this one, so the job goes on without it: nothing is started there any more. */
  givenUp?: boolean;
  /** Called when its agent is lost: ends what may be left of it. */
  lost(): void;
}

/** The agents of a job. */
export class Stations {
  readonly all: readonly Station[];
  /** Those that still have ranks, or files of the job. */
  readonly open: Set<Station>;
  readonly #ofRank: Map<number, Station>;
  /** Those that are about to get their plan. */
  readonly #waiting: Set<Station> = new Set();

  constructor(all: readonly Station[]) {
    this.all = all;
    this.open = new Set(all);
    this.#ofRank = new Map(all.flatMap((station) => station.plan.ranks.map((rank) => [rank, station] as const)));
  }

  /**
   * Gives every agent its plan. In between the event loop turns: a plan with a program of 1 MB takes 30 ms, and agents that
   * hear nothing for some seconds take the launcher for lost.
   */
  async start(): Promise<void> {
    for (const station of this.all) this.#waiting.add(station);
    for (const station of this.all) {
      this.#begin(station);
      await turn();
    }
  }

  /** Sends an order to every agent. */
  order(order: Order): void {
    const encoded = encodedOnce(order);
    for (const station of this.all) this.tell(station, order, encoded);
  }

  /** Sends an order to one agent, not before its plan. */
  tell(station: Station, order: Order, encoded?: () => Uint8Array[]): void {
    this.#begin(station);
    station.channel.send(order, encoded);
  }

  of(rank: number): Station | undefined {
    return this.#ofRank.get(rank);
  }

  /** Ranks join a running job: its host gets these, which run this program. */
  grow(station: Station, ranks: readonly number[], program: RankProgram): void {
    const { plan } = station;
    station.plan = { ...plan, ranks: [...plan.ranks, ...ranks], programs: [...plan.programs, program] };
    for (const rank of ranks) this.#ofRank.set(rank, station);
  }

  #begin(station: Station): void {
    if (this.#waiting.delete(station)) station.channel.send({ kind: "start", plan: station.plan });
  }
}
