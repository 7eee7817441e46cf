import { breathe, performance } from "../calls/event-loop.ts";
import { copy } from "../wire/codec/codec.ts";
import { asIfTravelled, cannotTravel } from "./batch.ts";
import { type ChunkPicker, rootTurnMs } from "./chunk-picker.ts";
import type { Item, Place } from "./item.ts";
import type { Chunk, MapRun } from "./map-run.ts";
import type { Outcome } from "./outcome.ts";
import type { AtWork } from "./slowest.ts";
import type { Stretch, TaskRunner } from "./task-runner.ts";

/** What the tasks on rank 0 need of the dispatcher. */
export interface Dispatching {
  /** Whether the whole call has failed. */
  readonly hasFailed: boolean;
  /** How many tasks can be at work at once. */
  readonly seats: number;
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
  readonly #onlyAsync: boolean;

  /** @param onlyAsync does only tasks that return promises */
  constructor(runner: TaskRunner, place: Place, picker: ChunkPicker, dispatcher: Dispatching, onlyAsync: boolean) {
    this.#runner = runner;
    this.#place = place;
    this.#picker = picker;
    this.#dispatcher = dispatcher;
    this.#onlyAsync = onlyAsync;
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
      this.current = this.#picker.nextOfRoot(this.#dispatcher.seats, this.#onlyAsync);
      if (this.current === undefined) break;
      const { run, items } = this.current;
      const stretch = stretchOf(items);
      for (let done = 0; done < items.length && !run.over; ) {
        const before = performance.now();
        const reached = this.#someOf(this.current, stretch, done, turn + rootTurnMs);
        const next = typeof reached === "number" ? reached : await reached;
        const now = performance.now();
        this.#picker.rootTook(run.task, now - before, next - done);
        done = next;
        if (now - turn < rootTurnMs) continue;
        done = this.#putBack(run, items, done);
        this.#picker.rootTurned();
        this.#dispatcher.refill(); // the next offer is due before all of this one is claimed
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

  /** Does items from index `from` on, until the time is up or a task returns a promise. Returns the index of the next item. */
  #someOf({ run, items }: Chunk, stretch: Stretch, from: number, until: number): number | Promise<number> {
    const place = this.#place;
    let next = from;
    do {
      const values: unknown[] = [];
      const odd = this.#runner.doSome(run, stretch, next, values, until);
      run.settleAll(items, next, values, place);
      next += values.length;
      if (odd instanceof Promise) return this.#awaited(odd, run, items, next);
      if (odd !== undefined) run.settle(items[next++] as Item, asIfTravelled(odd), place);
    } while (next < items.length && !run.halted && performance.now() < until);
    if (!run.halted) return next;
    run.putBack(items.slice(next));
    return items.length;
  }

  /** Waits for a task that has returned a promise. The rest of its chunk goes to other ranks meanwhile. */
  async #awaited(done: Promise<Outcome>, run: MapRun, items: readonly Item[], i: number): Promise<number> {
    const next = this.#putBack(run, items, i + 1);
    this.#picker.isAsync(run.task);
    this.#picker.rootWaits += 1;
    this.#dispatcher.refill();
    const since = performance.now();
    this.atWork = [{ task: run.task, index: (items[i] as Item).index, since }];
    const outcome = asIfTravelled(await done);
    this.atWork = [];
    if (performance.now() - since > rootTurnMs) this.#picker.awaits(run.task);
    this.#picker.rootWaits -= 1;
    run.settle(items[i] as Item, outcome, this.#place);
    return next;
  }
}

function stretchOf(items: readonly Item[]): Stretch {
  return {
    inputs: items.map((item) => item.input),
    indexOf: (i) => (items[i] as Item).index,
    attempt: (items[0] as Item).attempts,
    own: copied,
  };
}

/** A task gets a copy, as on any other rank. */
function copied(input: object): unknown {
  try {
    return copy(input);
  } catch (error) {
    throw cannotTravel("it", error);
  }
}
