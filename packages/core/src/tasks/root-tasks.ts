import { breathe, performance } from "../calls/event-loop.ts";
import { copy } from "../wire/codec/codec.ts";
import { asIfTravelled, cannotTravel } from "./batch.ts";
import { type ChunkPicker, rootTurnMs } from "./chunk-picker.ts";
import type { Item, Place } from "./item.ts";
import type { Chunk, MapRun } from "./map-run.ts";
import { failed, type Outcome } from "./outcome.ts";
import type { AtWork } from "./slowest.ts";
import type { TaskRunner } from "./task-runner.ts";

/** Larger chunks read the clock once in this many tasks, but after each of their last {@link closely} tasks. */
const clockEvery = 16;
const closely = 64;

/** What the tasks on rank 0 need of the dispatcher. */
export interface Dispatching {
  /** Whether the whole call has failed. */
  readonly hasFailed: boolean;
  /** How many ranks can be given work. */
  readonly ranks: number;
  /** There may be something to hand out to the workers. */
  refill(): void;
}

/** Rank 0's own tasks. Between them it handles the workers' messages. */
export class RootTasks {
  /** The chunk at work. */
  current: Chunk | undefined;
  working = false;
  /** The task that is awaited: while another one is at work, rank 0 tells no progress. */
  atWork: AtWork[] = [];
  readonly #runner: TaskRunner;
  readonly #place: Place;
  readonly #picker: ChunkPicker;
  readonly #dispatcher: Dispatching;

  constructor(runner: TaskRunner, place: Place, picker: ChunkPicker, dispatcher: Dispatching) {
    this.#runner = runner;
    this.#place = place;
    this.#picker = picker;
    this.#dispatcher = dispatcher;
  }

  /** The result of the task at work is not wanted any more. */
  cancel(reason: unknown): void {
    this.#runner.cancel(reason);
  }

  /** Works until there is nothing more for rank 0. */
  async work(): Promise<void> {
    this.working = true;
    let turn = performance.now();
    while (!this.#dispatcher.hasFailed) {
      this.current = this.#picker.nextOfRoot(this.#dispatcher.ranks);
      if (this.current === undefined) break;
      const { run, items } = this.current;
      for (let done = 0; done < items.length && !run.over; ) {
        const before = performance.now();
        const reached = this.#someOf(run, items, done, turn + rootTurnMs);
        const next = typeof reached === "number" ? reached : await reached;
        const now = performance.now();
        this.#picker.rootTook(run.task, now - before, next - done);
        done = next;
        if (now - turn < rootTurnMs) continue;
        done = this.#putBack(run, items, done);
        await breathe();
        turn = performance.now();
      }
    }
    this.current = undefined;
    this.working = false;
  }

  /** Puts back the items from index `from` on: the next one may take long, and until it ends no other rank could get the rest. */
  #putBack(run: MapRun, items: readonly Item[], from: number): number {
    if (from === items.length || !run.movable || run.over) return from;
    run.putBack(items.slice(from));
    return items.length;
  }

  /**
   * Does items from index `from` on, until the time is up or a task returns a promise. Returns the index of the next item.
   * In chunks of small tasks it reads the clock only once in {@link clockEvery} tasks: reading it costs as much as the
   * smallest task. Not at the end of a chunk: long tasks that follow short ones would all be done here, while others are idle.
   */
  #someOf(run: MapRun, items: readonly Item[], from: number, until: number): number | Promise<number> {
    const place = this.#place;
    for (let i = from; i < items.length && !run.over; i++) {
      if (run.halted) {
        run.putBack(items.slice(i));
        break;
      }
      const item = items[i] as Item;
      let input = item.input;
      if (typeof input === "object") {
        try {
          input = copy(input);
        } catch (error) {
          run.settle(item, failed(cannotTravel("it", error)), place);
          continue;
        }
      }
      const outcome = this.#runner.do(run, input, item.index, item.attempts);
      if (outcome instanceof Promise) return this.#awaited(outcome, run, items, i);
      run.settle(item, asIfTravelled(outcome), place);
      if (readsClock(i - from, items.length - i) && performance.now() >= until) return i + 1;
    }
    return items.length;
  }

  /** Waits for a task that has returned a promise. The rest of its chunk goes to other ranks meanwhile. */
  async #awaited(done: Promise<Outcome>, run: MapRun, items: readonly Item[], i: number): Promise<number> {
    const next = this.#putBack(run, items, i + 1);
    this.#picker.isAsync(run.task);
    this.#picker.rootIsWaiting = true;
    this.#dispatcher.refill();
    const since = performance.now();
    this.atWork = [{ task: run.task, index: (items[i] as Item).index, since }];
    const outcome = asIfTravelled(await done);
    this.atWork = [];
    if (performance.now() - since > rootTurnMs) this.#picker.awaits(run.task);
    this.#picker.rootIsWaiting = false;
    run.settle(items[i] as Item, outcome, this.#place);
    return next;
  }
}

function readsClock(done: number, left: number): boolean {
  return left <= closely || done % clockEvery === 0;
}
