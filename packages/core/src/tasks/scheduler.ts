import type { Answer } from "./batch.ts";
import { ChunkPicker } from "./chunk-picker.ts";
import type { Chunk, Held } from "./map-run.ts";
import type { Offers } from "./offers.ts";
import { WorkerState } from "./worker-state.ts";

/** Fewer milliseconds of work than this are not worth the messages that move it to another rank. */
const worthMovingMs = 1;

/** How long rank 0 waits at most to learn how long tasks take, and in lists of how many inputs for each rank. */
const patienceMs = 15;
const shortList = 16;

/** Which workers give back tasks now, and after how many milliseconds to ask again if nothing happens before. */
interface Recalls {
  readonly workers: readonly WorkerState[];
  readonly againMs: number | undefined;
}

/**
 * Decides which worker gets which chunk, and which one gives back what it has not begun. It sends nothing and reads no clock, so
 * that a test can run it in simulated time.
 *
 * ```text
 *   something to hand out ──► handOut: workers without work first, then those with one chunk, and so on
 *   a rank is idle        ──► recalls: workers that have more than the task at work give the rest back
 * ```
 */
export class Scheduler {
  readonly workers: readonly WorkerState[];
  readonly picker: ChunkPicker;

  /**
   * @param rootWorks rank 0 does tasks itself
   * @param concurrency how many async tasks a rank does at once. Each of its seats is a worker (`seats.ts`)
   * @param offers undefined if ranks cannot claim tasks
   */
  constructor(root: number, size: number, rootWorks: boolean, concurrency: number, offers?: Offers) {
    this.picker = new ChunkPicker(root, rootWorks, concurrency, offers);
    const others = size - 1;
    this.workers = Array.from({ length: others * concurrency }, (_, i) => new WorkerState(i < root ? i : i + 1));
    if (concurrency === 1) return;
    for (const [i, worker] of this.workers.entries()) {
      worker.seats = this.workers.filter((_, j) => j % others === i % others);
    }
  }

  /** Calls `give` for each chunk that a worker gets now. */
  handOut(now: number, seats: number, give: (worker: WorkerState, chunk: Chunk) => void): void {
    const { queue } = this.picker;
    const free = this.workers.filter(canBeGiven);
    for (let round = 0, gave = true; gave && queue.size > 0; round++) {
      gave = false;
      for (const worker of free) {
        // A worker with more chunks than this gets its next one in a later round.
        if (worker.held > round) {
          gave = true;
          continue;
        }
        if (isBesideSuspect(worker)) continue;
        const chunk = this.picker.next(worker.rank, this.#heldBy(worker, now), seats, !worker.isFirstSeat);
        if (chunk === undefined) continue;
        give(worker, chunk);
        gave = true;
      }
    }
  }

  /**
   * Which workers give back the tasks that they have not begun. Called after {@link handOut}: a rank that is idle now gets nothing
   * unless others give some back. Also without idle ranks a worker that is late gives its tasks back, because they are the next ones.
   * @param rootIsIdle rank 0 does tasks itself and has none
   * @param rootHasRoom rank 0 can do a further async task
   */
  recalls(now: number, rootIsIdle: boolean, rootHasRoom: boolean = rootIsIdle): Recalls {
    const free = this.workers.filter(canBeGiven);
    const isIdle = rootIsIdle || free.some((worker) => worker.held === 0 && worker.isFirstSeat);
    const hasRoom = isIdle || rootHasRoom || free.some((worker) => worker.held === 0);
    const workers: WorkerState[] = [];
    let againMs: number | undefined;
    for (const worker of free) {
      const { spare } = worker;
      if (spare === undefined) continue;
      const all = this.picker.predicted(spare.task, worker.tasks) ?? 0;
      const idle = isIdle || (hasRoom && this.picker.returnsPromises(spare.task));
      const worthIt = idle && (all * spare.tasks) / worker.tasks >= worthMovingMs;
      const onTimeMs = worthIt ? 0 : worker.since + all + worthMovingMs - now;
      if (onTimeMs <= 0) workers.push(worker);
      else againMs = Math.min(againMs ?? onTimeMs, onTimeMs);
    }
    return { workers, againMs };
  }

  /** A worker has answered: so many of these tasks took so long. The answer may have waited for rank 0. */
  answered(
    worker: WorkerState,
    answer: Pick<Answer, "ms" | "awaitedMs">,
    task: string | undefined,
    tasks: number,
    now: number,
  ): void {
    const { ms, awaitedMs } = answer;
    worker.since = Math.min(now, worker.since + ms);
    if (task === undefined || tasks === 0) return;
    this.picker.workerTook(task, ms, tasks);
    if (awaitedMs > ms / 2) this.picker.awaits(task);
  }

  #heldBy(worker: WorkerState, now: number): Held {
    const { held: chunks, tasks, since, current } = worker;
    const predictedMs = current === undefined ? 0 : (this.picker.predicted(current.run.task, tasks) ?? 0);
    const lateMs = now - since - predictedMs;
    // A task that takes far longer than predicted will last: on average, as long again.
    const leftMs = lateMs > Math.max(worthMovingMs, predictedMs / 10) ? now - since : Math.max(0, -lateMs);
    return { chunks, tasks, leftMs, shared: worker.seats.some((seat) => seat !== worker && seat.held > 0) };
  }

  /**
   * How long rank 0 waits before it begins a task of its own whose length is not known: until a worker has answered, but not longer
   * than {@link patienceMs}. Else it could begin a long task, while workers whose tasks are short get nothing. Only for short lists,
   * because in a long one a single task matters less.
   */
  rootWaitsMs(now: number, ranks: number): number {
    const run = this.picker.queue.first;
    if (run === undefined || this.picker.offers?.areOpen === true || this.picker.predicted(run.task, 1) !== undefined)
      return 0;
    const { remaining } = run;
    if (remaining !== undefined && (remaining <= 1 || remaining > shortList * ranks)) return 0;
    const busy = this.workers.filter((worker) => worker.held > 0);
    return Math.max(0, ...busy.map((worker) => worker.since + patienceMs - now));
  }
}

function canBeGiven(worker: WorkerState): boolean {
  const { lost, recalled, seats } = worker;
  return !lost && !recalled && !seats.some((seat) => seat.stuck) && !isBesideSuspect(worker);
}

/** A seat beside a suspect task gets nothing: if that task ends its rank, nothing else is lost with it. */
function isBesideSuspect(worker: WorkerState): boolean {
  return worker.seats.some((seat) => seat !== worker && seat.hasSuspect);
}
