import type { Output } from "../io/output.ts";
import type { RankStates } from "./rank-states.ts";
import type { Station } from "./stations.ts";

/** Ranks that are stopped (SIGSTOP). That is no failure yet: a user may look at the process. They are killed after a while. */
export class StoppedRanks {
  readonly #ranks: RankStates;
  readonly #output: Output;
  readonly #limitMs: number;
  readonly #timers = new Map<number, NodeJS.Timeout>();

  /** `limitMs` is how long a rank may be stopped; 0: for ever. */
  constructor(ranks: RankStates, output: Output, limitMs: number) {
    this.#ranks = ranks;
    this.#output = output;
    this.#limitMs = limitMs;
  }

  /** A rank has stopped, or goes on. Once the job `isOver`, nothing more is said or done. */
  changed(rank: number, stopped: boolean, { channel, plan }: Station, isOver: boolean): void {
    clearTimeout(this.#timers.get(rank));
    this.#timers.delete(rank);
    this.#ranks.stopped.delete(rank);
    if (isOver) return;
    const name = this.#ranks.nameWithPid({ rank, host: plan.host, pid: this.#ranks.pids.get(rank) ?? 0 });
    if (!stopped) {
      this.#output.say(`tsmpi: ${name} goes on`);
      return;
    }
    const seconds = this.#limitMs / 1000;
    const then = this.#limitMs === 0 ? "" : `; it is killed in ${seconds} s unless it goes on (--silent-after)`;
    this.#output.say(`tsmpi: ${name} is silent: it was stopped (SIGSTOP), nothing of it runs${then}`);
    this.#ranks.stopped.add(rank);
    if (this.#limitMs === 0) return;
    const reason = `it had been stopped for ${seconds} s, --silent-after`;
    const kill = (): void => channel.send({ kind: "killStopped", rank, reason });
    this.#timers.set(rank, setTimeout(kill, this.#limitMs).unref());
  }
}
