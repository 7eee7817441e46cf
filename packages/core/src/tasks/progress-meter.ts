import { clearInterval, performance, queueMicrotask, setInterval } from "../calls/event-loop.ts";
import type { Progress, RunningTask } from "../wire/progress.ts";

const intervalMs = 100;

/** How many workers there are, how many are busy, and with what. */
export interface WorkerCounts {
  readonly busy: number;
  readonly ranks: number;
  readonly lost: readonly number[];
  /** See {@link Progress}. */
  readonly slowest: readonly RunningTask[];
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
  /** Inputs that are neither done nor refused, where their number is known. Set by the run. */
  left: () => number | undefined = () => undefined;
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
    // Known results are reported later: inputs that were pulled with this one are not yet counted.
    if (how === "known") this.#known += tasks;
    else if (this.#listener !== undefined && performance.now() - this.#told >= intervalMs) this.#tell();
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
    const left = this.left();
    const { busy, ranks } = this.#counts;
    // Before, ranks whose first tasks are at work would not count. When all that is left is at work, a rate says nothing.
    const isPaced = worked > 0 && worked >= ranks && left !== undefined && (left > busy || left === 0);
    const progress: Progress = {
      task: this.#task,
      done: this.#done,
      failed: this.#failed,
      total: left === undefined ? undefined : this.#done + left,
      elapsedMs,
      perSecond: elapsedMs === 0 ? 0 : (worked * 1000) / elapsedMs,
      remainingMs: isPaced ? (left * elapsedMs) / worked : undefined,
      busy,
      ranks,
      slowest: this.#counts.slowest,
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
