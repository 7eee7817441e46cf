import type { MpiError } from "../calls/errors.ts";
import { clearTimeout, setTimeout } from "../calls/event-loop.ts";
import type { Item } from "./item.ts";
import type { Chunk, MapRun } from "./map-run.ts";
import type { AtWork } from "./slowest.ts";
import { tookTooLong } from "./task-runner.ts";

/** How long rank 0 waits for the worker's own report of a timeout before it gives the task up. */
const graceMs = 1000;

/** A chunk that was given to a worker. Chunks are answered in the order given. */
interface Given {
  readonly chunk: Chunk;
  /** Number of its first task, counted over all tasks of this worker. */
  readonly from: number;
  /** How many of its first items belong to it: the worker has given the others back. */
  count: number;
  answered: number;
  /** The worker may have begun it. */
  begun: boolean;
  /** Its results are not wanted any more. */
  void: boolean;
}

/** Tasks that a worker can give back. */
export interface Spare {
  readonly tasks: number;
  /** Number of the first of them. */
  readonly from: number;
  /** Name of the last of them. */
  readonly task: string;
}

/** Tasks of one chunk that a worker has answered. */
export interface Answered {
  readonly run: MapRun;
  readonly items: readonly Item[];
  /** False: their run has ended, or they were given up. */
  readonly wanted: boolean;
}

/** What rank 0 knows about one worker. */
export class WorkerState {
  readonly rank: number;
  /** The worker is lost. */
  lost = false;
  /** Rank 0 is receiving its answers. */
  listened = false;
  /** It has sent something. A rank that never does may not have called this collective at all. */
  heard = false;
  /** The worker has sent its goodbye. */
  left = false;
  /** It was asked to give back tasks and has not answered. It is given nothing before that. */
  recalled = false;
  /** All seats of its rank, itself among them: several where the rank does several async tasks at once. */
  seats: readonly WorkerState[] = [this];
  /** Numbers of the offers of which it may still claim tasks. */
  readonly offers: Set<number> = new Set();
  /** When it began the tasks that it has not answered. */
  since = 0;
  readonly #given: Given[] = [];
  #tasks = 0;
  #deadline: NodeJS.Timeout | undefined;
  #overdue: ((item: Item, error: MpiError) => void) | undefined;

  constructor(rank: number) {
    this.rank = rank;
  }

  /** Whether it is the seat of its rank that does tasks of any kind. */
  get isFirstSeat(): boolean {
    return this.seats[0] === this;
  }

  /** Whether it has a task that may be why a rank was lost. */
  get hasSuspect(): boolean {
    return this.#given.some(({ chunk }) => isSuspect(chunk));
  }

  /** How many chunks the worker has. */
  get held(): number {
    return this.#given.length;
  }

  /** How many tasks the worker has. */
  get tasks(): number {
    return this.#given.reduce((sum, { count, answered }) => sum + count - answered, 0);
  }

  /** The tasks that the worker can give back: those at the end of its list, without the one at work. */
  get spare(): Spare | undefined {
    let tasks = 0;
    let from = this.#tasks;
    for (let i = this.#given.length - 1; i >= 0; i--) {
      const { chunk, count, answered, void: unwanted, from: first } = this.#given[i] as Given;
      if (unwanted || !chunk.run.movable) break;
      const begun = i === 0 ? answered + 1 : 0;
      if (count > begun) from = first + begun;
      tasks += Math.max(0, count - begun);
    }
    const task = this.#given.at(-1)?.chunk.run.task;
    return tasks === 0 || task === undefined ? undefined : { tasks, from, task };
  }

  /** Whether it has work, or may take some. */
  get isBusy(): boolean {
    return this.#given.length > 0 || this.offers.size > 0;
  }

  get current(): Chunk | undefined {
    return this.#given[0]?.chunk;
  }

  /** The task at work, unless its result is not wanted any more. */
  get atWork(): AtWork[] {
    const [given] = this.#given;
    if (given === undefined || given.void || this.lost) return [];
    const { index } = given.chunk.items[given.answered] as Item;
    return [{ task: given.chunk.run.task, index, since: this.since }];
  }

  /** The worker is busy with a task that was given up. */
  stuck = false;

  give(chunk: Chunk, overdue: (item: Item, error: MpiError) => void): void {
    const count = chunk.items.length;
    this.#given.push({ chunk, from: this.#tasks, count, answered: 0, begun: !isSuspect(chunk), void: false });
    this.#tasks += count;
    this.#overdue = overdue;
    if (this.#given.length === 1) this.#watch();
  }

  /** Answers to so many tasks have arrived. Returns these tasks, in their order; undefined when fewer are open. */
  answered(tasks: number): Answered[] | undefined {
    const parts: Answered[] = [];
    for (let left = tasks; left > 0; ) {
      const given = this.#given[0];
      if (given === undefined) return undefined;
      const { chunk, answered, count, void: unwanted } = given;
      const some = Math.min(left, count - answered);
      parts.push({ run: chunk.run, items: chunk.items.slice(answered, answered + some), wanted: !unwanted });
      left -= some;
      given.answered += some;
      if (given.answered === count) this.#given.shift();
    }
    this.stuck = this.#given[0]?.void === true && this.stuck;
    this.#watch();
    return parts;
  }

  /** The worker has given back its last tasks, so many. Returns those that are still wanted. */
  returned(tasks: number): { run: MapRun; items: Item[] }[] {
    const back: { run: MapRun; items: Item[] }[] = [];
    for (let left = tasks; left > 0; ) {
      const last = this.#given.at(-1);
      if (last === undefined) break;
      const some = Math.min(left, last.count - last.answered);
      left -= some;
      last.count -= some;
      if (!last.void)
        back.unshift({ run: last.chunk.run, items: last.chunk.items.slice(last.count, last.count + some) });
      if (last.count === last.answered) this.#given.pop();
    }
    this.stuck = this.#given[0]?.void === true && this.stuck;
    this.#watch();
    return back;
  }

  /** An empty batch has arrived. True when the worker begins a suspect task, false when it is a goodbye. */
  begins(): boolean {
    const given = this.#given[0];
    if (given === undefined || given.begun) return false;
    given.begun = true;
    return true;
  }

  /** Drops the unanswered tasks of this run. Returns their numbers, as the worker counts them. */
  cancel(run: MapRun): { from: number; count: number }[] {
    if (this.lost) return [];
    const gone = this.#given.filter((given) => given.chunk.run === run && !given.void);
    for (const given of gone) given.void = true;
    this.#watch();
    return gone.map(({ from, count, answered }) => ({ from: from + answered, count: count - answered }));
  }

  /** Takes back all unanswered tasks for other workers. Later answers to them are dropped. */
  giveUp(): { chunk: Chunk; items: Item[]; begun: boolean }[] {
    clearTimeout(this.#deadline);
    const [first] = this.#given;
    this.stuck = first !== undefined;
    const wanted = this.#given.filter((given) => !given.void);
    for (const given of wanted) given.void = true;
    return wanted.map((given) => {
      const { chunk, count, answered, begun } = given;
      return { chunk, items: chunk.items.slice(answered, count), begun: begun && given === first };
    });
  }

  /** Starts the time limit of the task at work. */
  #watch(): void {
    clearTimeout(this.#deadline);
    const given = this.#given[0];
    const timeoutMs = given?.chunk.run.settings.timeoutMs;
    if (given === undefined || given.void || timeoutMs === undefined) return;
    const item = given.chunk.items[given.answered] as Item;
    this.#deadline = setTimeout(() => this.#overdue?.(item, tookTooLong(timeoutMs)), timeoutMs + graceMs);
  }
}

/** Whether a worker was lost with this chunk before. Such tasks are handed out one by one. */
export function isSuspect({ items }: Chunk): boolean {
  return (items[0]?.losses ?? 0) > 0;
}
