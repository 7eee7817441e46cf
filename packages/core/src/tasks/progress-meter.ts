import { clearInterval, performance, queueMicrotask, setInterval } from "../calls/event-loop.ts";
import type { Progress } from "../wire/progress.ts";

const intervalMs = 100;

/** How many workers there are and how many are busy. */
export interface WorkerCounts {
  readonly busy: number;
  readonly ranks: number;
  readonly lost: readonly number[];
}

/** Counts finished tasks and reports progress to a listener, at most ten times a second. */
export class ProgressMeter {
  readonly #task: string;
  readonly #counts: WorkerCounts;
  readonly #listener: ((progress: Progress) => void) | undefined;
  readonly #started: number = performance.now();
  readonly #timer: NodeJS.Timeout | undefined;
  #told: number = this.#started;
  #done = 0;
  #failed = 0;
  /** Inputs whose results the journal had. */
  #known = 0;
  #total: number | undefined;
  #finished = false;

  constructor(task: string, counts: WorkerCounts, listener: ((progress: Progress) => void) | undefined) {
    this.#task = task;
    this.#counts = counts;
    this.#listener = listener;
    if (listener === undefined) return;
    // Reports once a second even if no task ends, because the elapsed time changes.
    this.#timer = setInterval(() => this.#tell(), 10 * intervalMs).unref();
  }

  count(how: "done" | "failed" | "known", tasks = 1): void {
    this.#done += tasks;
    if (how === "failed") this.#failed += tasks;
    if (how === "known") this.#known += tasks;
    if (this.#listener !== undefined && performance.now() - this.#told >= intervalMs) this.#tell();
  }

  set total(total: number | undefined) {
    this.#total = total;
  }

  finish(): void {
    if (this.#finished) return;
    this.#finished = true;
    clearInterval(this.#timer);
    this.#tell();
  }

  #tell(): void {
    const listener = this.#listener;
    if (listener === undefined) return;
    this.#told = performance.now();
    const elapsedMs = this.#told - this.#started;
    const worked = this.#done - this.#known;
    const left = this.#total === undefined || worked === 0 ? undefined : this.#total - this.#done;
    const progress: Progress = {
      task: this.#task,
      done: this.#done,
      failed: this.#failed,
      total: this.#total,
      elapsedMs,
      perSecond: elapsedMs === 0 ? 0 : (worked * 1000) / elapsedMs,
      remainingMs: left === undefined ? undefined : (left * elapsedMs) / worked,
      busy: this.#counts.busy,
      ranks: this.#counts.ranks,
      lost: this.#counts.lost,
      finished: this.#finished,
    };
    try {
      listener(progress);
    } catch (error) {
      // The listener's own error must not fail the map. It is thrown as from an event listener.
      queueMicrotask(() => {
        throw error;
      });
    }
  }
}
