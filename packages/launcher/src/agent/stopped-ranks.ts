import { processStat } from "../system/process-stat.ts";

/** A look is one read of /proc for each rank, some 10 us. */
const lookMs = 1000;

/**
 * Finds ranks that are stopped (SIGSTOP). Nothing of a stopped rank runs: it can neither fail nor report anything, and the
 * ranks that wait for it wait for ever. A rank that computes, sleeps or is being debugged is not stopped. Linux only:
 * elsewhere there is no /proc.
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

  /** This rank is being killed: it runs once more, to its end, which does not mean that it goes on. */
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
      // Stopped in two looks in a row: a stop of a moment is not reported.
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

/** The states of a process that is neither stopped nor dead: it runs, sleeps, waits for a disk, is idle. */
const goesOn = "RSDI";

/** Whether a process is stopped until it gets SIGCONT: state T of /proc. State t is a debugger's. */
export function isStopped(pid: number): boolean {
  return processStat(pid)?.state === "T";
}
