import { mostOffered } from "./claims.ts";
import type { Chunk, Held, MapRun } from "./map-run.ts";
import { fewEnough, type Offers } from "./offers.ts";
import { Queue } from "./queue.ts";
import { HandlingTime, LeastTimes, MeanTimes, offerSize } from "./schedule.ts";

/** Longest time that rank 0 works before it handles messages again. */
export const rootTurnMs = 1;

/** Picks the next chunk for a rank: from which run, and how large, by the times that tasks have taken so far. */
export class ChunkPicker {
  /** The runs that have something to hand out. */
  readonly queue: Queue = new Queue();
  /** Undefined if ranks cannot claim tasks. */
  readonly offers: Offers | undefined;
  /** How many tasks of rank 0 itself wait for a promise. Then rank 0 will not do the remaining inputs soon. */
  rootWaits = 0;
  readonly #root: number;
  readonly #rootWorks: boolean;
  readonly #concurrency: number;
  /** Times of each task on any rank, and on rank 0. */
  readonly #meanMs: MeanTimes = new MeanTimes();
  readonly #rootMs: LeastTimes = new LeastTimes();
  readonly #giving: HandlingTime = new HandlingTime();
  readonly #taking: HandlingTime = new HandlingTime();
  /** Tasks that return promises. */
  readonly #asyncTasks: Set<string> = new Set();
  /** Tasks that await something for most of their time, so that their rank handles messages meanwhile. */
  readonly #awaiting: Set<string> = new Set();

  /**
   * @param rootWorks rank 0 does tasks itself
   * @param concurrency how many async tasks a rank does at once
   */
  constructor(root: number, rootWorks: boolean, concurrency: number, offers?: Offers) {
    this.#root = root;
    this.#rootWorks = rootWorks;
    this.#concurrency = concurrency;
    this.offers = rootWorks ? offers : undefined;
  }

  /**
   * The next chunk for this rank, from the first run that has one for it.
   * @param held what the rank has already
   * @param seats how many tasks can be at work at once on all ranks
   * @param onlyAsync only of tasks that return promises: another task of this rank is at work
   */
  next(rank: number, held: Held, seats: number, onlyAsync: boolean): Chunk | undefined {
    const isRoot = rank === this.#root;
    return this.queue.next((run, others) => {
      const isAsync = this.#asyncTasks.has(run.task);
      if (onlyAsync && !isAsync) return undefined;
      const ranks = isAsync ? seats : Math.ceil(seats / this.#concurrency);
      const meanMs = this.#meanMs.of(run.task);
      if (isRoot) {
        const single = meanMs === undefined || isAsync;
        const alone = seats <= this.#concurrency;
        return run.takeOwn(rank, single ? 1 : Math.max(1, Math.floor(rootTurnMs / 4 / meanMs)), alone);
      }
      const rootMs = this.rootWaits > 0 ? undefined : this.#rootMs.of(run.task);
      const rootBlocks = this.#rootWorks && !this.#awaiting.has(run.task);
      const handlingMs = Math.max(this.#giving.ms, this.#taking.ms);
      const offered = this.offers?.hasLeft === true || this.#mostToOffer(run, ranks, mostOffered) > 0;
      return run.take(rank, held, { ranks, others, meanMs, rootMs, rootBlocks, handlingMs, offered });
    });
  }

  /** New tasks to offer to all ranks. */
  nextOffer(ranks: number): Chunk | undefined {
    const room = this.offers?.room ?? 0;
    if (room === 0) return undefined;
    return this.queue.next((run) => {
      const most = this.#mostToOffer(run, ranks, room);
      return most === 0 ? [] : fewEnough(run, run.takeNew(most, this.#root), ranks);
    });
  }

  /** Whether there is something that rank 0 itself could do. */
  get hasWork(): boolean {
    return this.queue.size > 0 || this.offers?.areOpen === true;
  }

  #mostToOffer(run: MapRun, ranks: number, room: number): number {
    const { task, mayBeOffered } = run;
    if (this.offers === undefined || !mayBeOffered || ranks === 1 || this.#awaiting.has(task)) return 0;
    return offerSize(this.#meanMs.of(task), room);
  }

  /** The next chunk for rank 0 itself, which asks for one when it has none. */
  nextOfRoot(seats: number, onlyAsync: boolean): Chunk | undefined {
    return this.offers?.claim() ?? this.next(this.#root, { chunks: 0, tasks: 0, leftMs: 0 }, seats, onlyAsync);
  }

  /** Whether this task is known to return promises. */
  returnsPromises(task: string): boolean {
    return this.#asyncTasks.has(task);
  }

  /** Whether there is something to hand out whose task returns promises. */
  get hasAsync(): boolean {
    for (const task of this.queue.tasks) if (this.#asyncTasks.has(task)) return true;
    return false;
  }

  /** Predicted time of so many of these tasks; undefined before the first result. */
  predicted(task: string, tasks: number): number | undefined {
    const meanMs = this.#meanMs.of(task);
    return meanMs === undefined ? undefined : meanMs * tasks;
  }

  /** A worker took `ms` for so many of these tasks. */
  workerTook(task: string, ms: number, tasks: number): void {
    this.#meanMs.add(task, ms, tasks);
  }

  /** Rank 0 took `ms` for so many of these tasks. */
  rootTook(task: string, ms: number, tasks: number): void {
    this.#meanMs.add(task, ms, tasks);
    this.#rootMs.add(task, ms, tasks);
  }

  /** Rank 0 has worked for a turn. */
  rootTurned(): void {
    this.#giving.ages();
    this.#taking.ages();
  }

  /** Rank 0 took `ms` to hand out a chunk of so many tasks. */
  gave(ms: number, tasks: number): void {
    this.#giving.took(ms, tasks);
  }

  /** Rank 0 took `ms` to take in so many results. */
  tookIn(ms: number, tasks: number): void {
    this.#taking.took(ms, tasks);
  }

  /** This task returns promises: rank 0 takes one input at a time, and ranks do several at once if they may. */
  isAsync(task: string): void {
    this.#asyncTasks.add(task);
  }

  /** This task awaits something for most of its time. */
  awaits(task: string): void {
    this.#awaiting.add(task);
  }
}
