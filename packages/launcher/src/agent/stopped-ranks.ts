import { processStat } from "../system/process-stat.ts";

/** One read of /proc for each rank, some 10 us. */
const lookMs = 1000;

/**
 * Looks out for ranks that are stopped, as SIGSTOP does it: nothing of theirs runs, so that they can neither fail nor say
 * anything, and whoever waits for them waits for ever. A rank that computes, sleeps or is being debugged is not stopped.
 * Linux only; elsewhere there is nothing to read.
 */
export class StoppedRanks {
  readonly #pids: () => ReadonlyMap<number, number>;
  readonly #changed: (rank: number, stopped: boolean) => void;
  readonly #seen = new Set<number>();
  readonly #told = new Set<number>();
  readonly #killed = new Set<number>();
  readonly #timer: NodeJS.Timeout;
  /** Set while they are stopped because the whole job is (Ctrl-Z). */
  suspended = false;

  /** `pids` gives the processes of the ranks that have not ended. */
  constructor(pids: () => ReadonlyMap<number, number>, changed: (rank: number, stopped: boolean) => void) {
    this.#pids = pids;
    this.#changed = changed;
    this.#timer = setInterval(() => this.#look(), lookMs).unref();
  }

  /** This one is being killed: that it runs once more, to its end, is not that it goes on. */
  forget(rank: number): void {
    this.#told.delete(rank);
    this.#killed.add(rank);
  }

  end(): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    if (this.suspended) {
      this.#seen.clear();
      return;
    }
    for (const [rank, pid] of this.#pids()) {
      if (this.#killed.has(rank)) continue;
      const state = processStat(pid)?.state;
      // Seen twice in a row: whoever stops a process for a moment means nothing by it.
      if (state === "T" && this.#seen.has(rank) && !this.#told.has(rank)) {
        this.#told.add(rank);
        this.#changed(rank, true);
      } else if (state !== undefined && goesOn.includes(state) && this.#told.delete(rank)) {
        this.#changed(rank, false);
      }
      if (state === "T") this.#seen.add(rank);
      else this.#seen.delete(rank);
    }
  }
}

/** Runs, sleeps, waits for a disk, is idle; and neither stopped nor dead. */
const goesOn = "RSDI";

/** Whether nothing of a process runs until it gets SIGCONT: state T of /proc, not t, which is a debugger's. */
export function isStopped(pid: number): boolean {
  return processStat(pid)?.state === "T";
}
