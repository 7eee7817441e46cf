import type { HostPlan, Report } from "../link/messages.ts";
import { agentMark } from "../system/guardian.ts";
import { processStat } from "../system/process-stat.ts";
import { commandOf, holdersOf, markedProcesses, sendSignal } from "./leftovers.ts";
import type { RankPipes } from "./rank-pipes.ts";
import { graceMs, pollMs, type RankProcess } from "./rank-process.ts";

/** The user is told after this time that ended ranks' children are waited for. */
const noticeMs = 5000;
/** From SIGTERM to SIGKILL, for children that were waited for in vain. */
const lastWishMs = 1000;

/** What has become of the job meanwhile. */
interface JobState {
  /** It ends for another reason than that its ranks have done their work. */
  readonly stopped: boolean;
  /** Its processes have been killed. */
  readonly killed: boolean;
  /** The reader of the output is slow: not all has been read that was written. */
  readonly paused: boolean;
}

/** What the ranks of a host have started and left running: it is waited for when all of them have ended. */
export class Lingering {
  readonly #ranks: ReadonlyMap<number, RankProcess>;
  readonly #pipes: ReadonlyMap<number, RankPipes>;
  readonly #plan: HostPlan;
  readonly #state: JobState;
  readonly #report: (report: Extract<Report, { kind: "lingering" }>) => void;
  readonly #timers: NodeJS.Timeout[] = [];

  constructor(
    ranks: ReadonlyMap<number, RankProcess>,
    pipes: ReadonlyMap<number, RankPipes>,
    plan: HostPlan,
    state: JobState,
    report: (report: Extract<Report, { kind: "lingering" }>) => void,
  ) {
    this.#ranks = ranks;
    this.#pipes = pipes;
    this.#plan = plan;
    this.#state = state;
    this.#report = report;
  }

  /** Resolves when it has ended, within the time that the user gives it, or need not be waited for any more. */
  async ended(): Promise<void> {
    const { waitForChildrenMs: limitMs, ownSessions } = this.#plan;
    if (limitMs > noticeMs) this.#later(noticeMs, () => this.#tell(limitMs - noticeMs));
    if (limitMs > 0) this.#later(limitMs, () => this.#end());
    const ranks = [...this.#ranks.values()];
    await Promise.all(ranks.map((rank) => rank.settled));
    if (!ownSessions) await this.#groupEnded(ranks.some((rank) => rank.told));
    for (const timer of this.#timers) clearTimeout(timer);
  }

  /** The same for what is left in the agent's own process group, which its ranks are in under PBS. */
  async #groupEnded(told: boolean): Promise<void> {
    const group = processStat("self")?.group;
    const isLeft = () => markedProcesses(agentMark(this.#plan)).some((pid) => processStat(pid)?.group === group);
    const endOfGrace = performance.now() + graceMs;
    while (!this.#state.killed && (told || (!this.#state.stopped && performance.now() < endOfGrace)) && isLeft())
      await new Promise((resolve) => setTimeout(resolve, pollMs));
  }

  #tell(leftMs: number): void {
    if (this.#state.stopped || this.#state.paused) return;
    for (const [rank, pids] of this.#holders) {
      const processes = pids.map((pid) => ({ pid, command: commandOf(pid) }));
      this.#report({ kind: "lingering", rank, processes, leftMs });
    }
  }

  #end(): void {
    if (this.#state.paused) {
      this.#later(lastWishMs, () => this.#end()); // their ends cannot be seen yet
      return;
    }
    this.#tell(0);
    for (const pid of [...this.#holders.values()].flat()) sendSignal(pid, "SIGTERM");
    this.#later(lastWishMs, () => {
      for (const pid of [...this.#holders.values()].flat()) sendSignal(pid, "SIGKILL");
      for (const rank of this.#ranks.values()) rank.sweep();
    });
  }

  /** Processes that still hold the streams of ranks, by rank. */
  get #holders(): ReadonlyMap<number, number[]> {
    const open = [...this.#ranks].filter(([, child]) => child.isOpen);
    return new Map(
      open.map(([rank]) => {
        const { stdout, stderr } = this.#pipes.get(rank) ?? {};
        return [rank, holdersOf([stdout, stderr])];
      }),
    );
  }

  #later(ms: number, action: () => void): void {
    this.#timers.push(setTimeout(action, ms));
  }
}
