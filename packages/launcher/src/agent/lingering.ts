import type { HostPlan, Report } from "../link/messages.ts";
import { agentMark } from "../system/guardian.ts";
import { processStat } from "../system/process-stat.ts";
import type { HostRanks } from "./host-ranks.ts";
import { commandOf, holdersOf, markedProcesses, sendSignal } from "./leftover-processes.ts";
import type { OutputWindow } from "./output-window.ts";
import type { RankPipes } from "./rank-pipes.ts";
import { graceMs, pollMs } from "./rank-process.ts";

/** After this time the user is told that children of ended ranks are waited for. */
const noticeMs = 5000;
/** From SIGTERM to SIGKILL, for children that did not end in time. */
const killAfterMs = 1000;

/** Waits, when all ranks of a host have ended, for the processes that they have started and left running. */
export class Lingering {
  readonly #ranks: HostRanks;
  readonly #pipes: ReadonlyMap<number, RankPipes>;
  readonly #plan: HostPlan;
  readonly #output: OutputWindow;
  readonly #report: (report: Extract<Report, { kind: "lingering" }>) => void;
  readonly #timers: NodeJS.Timeout[] = [];

  constructor(
    ranks: HostRanks,
    pipes: ReadonlyMap<number, RankPipes>,
    plan: HostPlan,
    output: OutputWindow,
    report: (report: Extract<Report, { kind: "lingering" }>) => void,
  ) {
    this.#ranks = ranks;
    this.#pipes = pipes;
    this.#plan = plan;
    this.#output = output;
    this.#report = report;
  }

  /** Resolves when those processes have ended or had the time that the user gives them, or need not be waited for. */
  async ended(): Promise<void> {
    const { waitForChildrenMs: limitMs, ownSessions } = this.#plan;
    if (limitMs > noticeMs) this.#later(noticeMs, () => this.#tell(limitMs - noticeMs));
    if (limitMs > 0) this.#later(limitMs, () => this.#end());
    const ranks = [...this.#ranks.processes.values()];
    await Promise.all(ranks.map((rank) => rank.settled));
    if (!ownSessions) await this.#groupEnded(ranks.some((rank) => rank.askedToEnd));
    for (const timer of this.#timers) clearTimeout(timer);
  }

  /** The same for the agent's own process group, where the ranks are in it because the scheduler needs that. */
  async #groupEnded(told: boolean): Promise<void> {
    const group = processStat("self")?.group;
    const isLeft = () => markedProcesses(agentMark(this.#plan)).some((pid) => processStat(pid)?.group === group);
    const endOfGrace = performance.now() + graceMs;
    while (!this.#ranks.isKilled && (told || (!this.#ranks.isStopping && performance.now() < endOfGrace)) && isLeft())
      await new Promise((resolve) => setTimeout(resolve, pollMs));
  }

  #tell(leftMs: number): void {
    if (this.#ranks.isStopping || this.#output.paused) return;
    for (const [rank, pids] of this.#holders) {
      const processes = pids.map((pid) => ({ pid, command: commandOf(pid) }));
      this.#report({ kind: "lingering", rank, processes, leftMs });
    }
  }

  #end(): void {
    if (this.#output.paused) {
      this.#later(killAfterMs, () => this.#end()); // their streams are not read to the end yet
      return;
    }
    this.#tell(0);
    for (const pid of [...this.#holders.values()].flat()) sendSignal(pid, "SIGTERM");
    this.#later(killAfterMs, () => {
      for (const pid of [...this.#holders.values()].flat()) sendSignal(pid, "SIGKILL");
      for (const rank of this.#ranks.processes.values()) rank.sweep();
    });
  }

  /** Processes that still hold the streams of ranks, by rank. */
  get #holders(): ReadonlyMap<number, number[]> {
    const open = [...this.#ranks.processes].filter(([, child]) => child.isOpen);
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
