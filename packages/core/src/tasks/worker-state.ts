import type { MpiError } from "../calls/errors.ts";
import { clearTimeout, setTimeout } from "../calls/event-loop.ts";
import type { Item } from "./item.ts";
import type { Chunk, MapRun } from "./map-run.ts";
import { tookTooLong } from "./task-runner.ts";

/** A task that times out says so itself, if it can: so long is waited for that. */
const graceMs = 1000;

/** Work that was given to a rank; answers come in its order. */
interface Given {
  readonly chunk: Chunk;
  /** Number of its first task among all that the rank was given. */
  readonly from: number;
  answered: number;
  /** It may be at work on it. */
  begun: boolean;
  /** Nobody waits for its results any more. */
  void: boolean;
}

/** What rank 0 knows about one other rank. */
export class WorkerState {
  readonly rank: number;
  /** It is gone. */
  lost = false;
  /** Its answers are being waited for. */
  listened = false;
  /** It has said goodbye. */
  left = false;
  readonly #given: Given[] = [];
  #tasks = 0;
  #deadline: NodeJS.Timeout | undefined;
  #overdue: ((item: Item, error: MpiError) => void) | undefined;

  constructor(rank: number) {
    this.rank = rank;
  }

  /** How many chunks it has. */
  get held(): number {
    return this.#given.length;
  }

  get current(): Chunk | undefined {
    return this.#given[0]?.chunk;
  }

  /** It is busy with something that was given up. */
  stuck = false;

  give(chunk: Chunk, overdue: (item: Item, error: MpiError) => void): void {
    this.#given.push({ chunk, from: this.#tasks, answered: 0, begun: !isSuspect(chunk), void: false });
    this.#tasks += chunk.items.length;
    this.#overdue = overdue;
    if (this.#given.length === 1) this.#watch();
  }

  /** The task that this answer belongs to; undefined when it was not asked anything. */
  answered(): { run: MapRun; item: Item; wanted: boolean } | undefined {
    const given = this.#given[0];
    if (given === undefined) return undefined;
    const { chunk, void: unwanted } = given;
    const item = chunk.items[given.answered++] as Item;
    if (given.answered === chunk.items.length) this.#given.shift();
    this.stuck = this.#given[0]?.void === true && this.stuck;
    this.#watch();
    return { run: chunk.run, item, wanted: !unwanted };
  }

  /** It is about to begin a suspect task; false when it says goodbye instead. */
  begins(): boolean {
    const given = this.#given[0];
    if (given === undefined || given.begun) return false;
    given.begun = true;
    return true;
  }

  /** The tasks of this job that it has not answered, as the rank counts them. */
  cancel(run: MapRun): { from: number; count: number }[] {
    if (this.lost) return [];
    const gone = this.#given.filter((given) => given.chunk.run === run && !given.void);
    for (const given of gone) given.void = true;
    this.#watch();
    return gone.map(({ chunk, from, answered }) => ({ from: from + answered, count: chunk.items.length - answered }));
  }

  /** Everything that it has not answered, to be given to others; what it still answers is dropped. */
  giveUp(): { chunk: Chunk; items: Item[]; begun: boolean }[] {
    clearTimeout(this.#deadline);
    const [first] = this.#given;
    this.stuck = first !== undefined;
    const wanted = this.#given.filter((given) => !given.void);
    for (const given of wanted) given.void = true;
    return wanted.map((given) => {
      const { chunk, answered, begun } = given;
      return { chunk, items: chunk.items.slice(answered), begun: begun && given === first };
    });
  }

  /** The task at work has its time from now on. */
  #watch(): void {
    clearTimeout(this.#deadline);
    const given = this.#given[0];
    const timeoutMs = given?.chunk.run.settings.timeoutMs;
    if (given === undefined || given.void || timeoutMs === undefined) return;
    const item = given.chunk.items[given.answered] as Item;
    this.#deadline = setTimeout(() => this.#overdue?.(item, tookTooLong(timeoutMs)), timeoutMs + graceMs);
  }
}

/** Whether a rank was lost with this chunk already. Such tasks are given out one by one. */
export function isSuspect({ items }: Chunk): boolean {
  return (items[0]?.losses ?? 0) > 0;
}
