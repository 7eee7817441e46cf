import type { ChunkPicker } from "./chunk-picker.ts";
import type { Place } from "./item.ts";
import type { MapRun } from "./map-run.ts";
import { type Dispatching, RootTasks } from "./root-tasks.ts";
import type { AtWork } from "./slowest.ts";
import type { TaskRunner } from "./task-runner.ts";

/** Rank 0's own tasks: one at a time, or several async ones at once with the option `concurrency`. */
export class RootSeats {
  readonly #seats: readonly RootTasks[];
  readonly #picker: ChunkPicker;

  constructor(runner: TaskRunner, place: Place, picker: ChunkPicker, dispatcher: Dispatching, concurrency: number) {
    this.#picker = picker;
    this.#seats = Array.from(
      { length: concurrency },
      (_, seat) => new RootTasks(seat === 0 ? runner : runner.seat(() => {}), place, picker, dispatcher, seat > 0),
    );
  }

  /** Whether a task is at work. */
  get isBusy(): boolean {
    return this.#seats.some((seat) => seat.current !== undefined);
  }

  /** Whether rank 0 can do a task of any kind. */
  get isIdle(): boolean {
    return this.#seats[0]?.working === false;
  }

  /** Whether rank 0 can do a further async task. */
  get hasRoom(): boolean {
    return this.#seats.some((seat) => !seat.working);
  }

  /** The tasks that are awaited. */
  get atWork(): AtWork[] {
    return this.#seats.flatMap((seat) => seat.atWork);
  }

  /** A seat that can begin to work on what there is to hand out. */
  get free(): RootTasks | undefined {
    const [first, ...others] = this.#seats as [RootTasks, ...RootTasks[]];
    if (!first.working) return first;
    return others.length > 0 && this.#picker.hasAsync ? others.find((seat) => !seat.working) : undefined;
  }

  /** Results of these tasks are not wanted any more: of one run, or of all. */
  cancel(reason: unknown, run?: MapRun): void {
    for (const seat of this.#seats) if (run === undefined || seat.current?.run === run) seat.cancel(reason);
  }
}
