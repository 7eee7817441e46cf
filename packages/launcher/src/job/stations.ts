import type { Channel } from "../link/channel.ts";
import type { HostPlan, Order, Report } from "../link/messages.ts";

/** One agent and what it has been given to do. */
export interface Station {
  channel: Channel<Order, Report>;
  plan: HostPlan;
  /** Called when its agent is lost: ends what may be left of it. */
  lost(): void;
}

/** The agents of a job. */
export class Stations {
  readonly all: readonly Station[];
  /** Those that still have ranks, or files of the job. */
  readonly open: Set<Station>;

  constructor(all: readonly Station[]) {
    this.all = all;
    this.open = new Set(all);
  }

  /** Sends an order to every agent. */
  order(order: Order): void {
    for (const { channel } of this.all) channel.send(order);
  }

  of(rank: number): Station | undefined {
    return this.all.find(({ plan }) => plan.ranks.includes(rank));
  }
}
