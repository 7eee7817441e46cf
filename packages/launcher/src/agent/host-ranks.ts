import type { Report } from "../link/messages.ts";
import type { RankProcess } from "./rank-process.ts";
import type { SchedulerSignals } from "./scheduler-signals.ts";
import { takesSignals } from "./signals-taken.ts";
import { isStopped, StoppedRanks } from "./stopped-ranks.ts";

/** A rank whose event loop does not turn for so long is taken for one that never will. */
const unresponsiveMs = 5000;

/** The ranks of this host: what goes to all of them, and how they are ended. */
export class HostRanks {
  readonly processes: Map<number, RankProcess> = new Map();
  readonly #timers: NodeJS.Timeout[] = [];
  readonly #stoppedRanks: StoppedRanks;
  /** Why ranks were killed that were stopped or did not answer. */
  readonly #killedFor = new Map<number, string>();
  /** Ranks that were asked whether their event loop turns. They are killed when the timer ends. */
  readonly #asked = new Map<number, NodeJS.Timeout>();
  /** The job ends for another reason than that its ranks have done their work. */
  isStopping = false;
  /** The ranks have been killed. */
  isKilled = false;

  constructor(report: (report: Extract<Report, { kind: "stopped" }>) => void) {
    this.#stoppedRanks = new StoppedRanks(
      () => this.running,
      (rank, stopped) => report({ kind: "stopped", rank, stopped }),
    );
  }

  /** Process ids of the ranks that have not ended. */
  get running(): ReadonlyMap<number, number> {
    return new Map([...this.processes].flatMap(([rank, child]) => (child.alive ? [[rank, child.pid!] as const] : [])));
  }

  tell(message: Parameters<RankProcess["tell"]>[0]): void {
    for (const rank of this.processes.values()) rank.tell(message);
  }

  pause(paused: boolean): void {
    for (const rank of this.processes.values()) rank.pause(paused);
  }

  /** Reads no more output. */
  abandon(): void {
    for (const rank of this.processes.values()) rank.abandon();
  }

  /** Ends all ranks. Those in a world have just been told why, and may want to save something; others get a signal. */
  stop(killAfterMs: number): void {
    this.isStopping = true;
    for (const rank of this.processes.values()) rank.hurry();
    for (const rank of this.processes.values()) if (!rank.greeted) rank.signal("SIGTERM");
    this.#later(killAfterMs / 3, () => {
      for (const rank of this.processes.values()) rank.signal("SIGTERM");
    });
    this.#later(killAfterMs, () => this.kill());
  }

  kill(): void {
    this.isStopping = true;
    this.isKilled = true;
    for (const rank of this.processes.values()) rank.signal("SIGKILL");
  }

  /** Kills a rank if it is still stopped (SIGSTOP). */
  killStopped(rank: number, reason: string): void {
    const child = this.processes.get(rank);
    if (child?.pid === undefined || !child.alive || !isStopped(child.pid)) return;
    this.#killedFor.set(rank, reason);
    this.#stoppedRanks.forget(rank);
    child.signal("SIGKILL");
  }

  /** Kills all ranks: the job goes on without this host. */
  giveUp(reason: string): void {
    for (const [rank, child] of this.processes) {
      if (!child.alive || this.isStopping) continue;
      this.#killedFor.set(rank, reason);
      child.signal("SIGKILL");
    }
  }

  /** Kills a rank if nothing is heard of it for some seconds. One that has only been busy answers when its event loop turns. */
  killUnresponsive(rank: number, reason: string): void {
    const child = this.processes.get(rank);
    if (child?.alive !== true || this.isStopping || this.#asked.has(rank)) return;
    child.tell({ kind: "where" });
    const timer = setTimeout(() => {
      if (!child.alive || this.isStopping) return;
      this.#killedFor.set(rank, reason);
      child.signal("SIGKILL");
    }, unresponsiveMs);
    this.#asked.set(rank, timer);
  }

  /** A rank has sent a message: its event loop turns. */
  heard(rank: number): void {
    clearTimeout(this.#asked.get(rank));
    this.#asked.delete(rank);
  }

  /** Why this rank was killed, if it was stopped or did not answer. */
  killedFor(rank: number): string | undefined {
    return this.#killedFor.get(rank);
  }

  /** Passes a signal on. `areNode`: the ranks are Node, which dies of SIGUSR1 and SIGUSR2 until it is ready for them. */
  async signal(signal: NodeJS.Signals, areNode: boolean, scheduler: SchedulerSignals | undefined): Promise<void> {
    const stops = signal === "SIGSTOP" || signal === "SIGCONT";
    if (stops) this.#stoppedRanks.suspended = signal === "SIGSTOP";
    else {
      for (const rank of this.processes.values()) rank.noteSignal(signal);
      if (await scheduler?.came(signal)) return;
    }
    const waits = areNode && (signal === "SIGUSR1" || signal === "SIGUSR2");
    for (const rank of this.processes.values()) {
      if (waits) await takesSignals(rank);
      rank.signal(signal);
    }
  }

  /** All ranks have ended: looks for stopped ranks no more. */
  endWatch(): void {
    this.#stoppedRanks.end();
  }

  endTimers(): void {
    for (const timer of [...this.#timers, ...this.#asked.values()]) clearTimeout(timer);
  }

  #later(ms: number, action: () => void): void {
    this.#timers.push(setTimeout(action, ms));
  }
}
