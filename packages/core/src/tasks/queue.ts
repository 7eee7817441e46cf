import type { Item } from "./item.ts";
import type { Chunk, MapRun } from "./map-run.ts";

/**
 * Runs that have something to hand out, in the order in which they are asked.
 *
 * ```text
 *   square: run 7, run 8, run 9, ...      tasks take turns,
 *   render: run 3, run 5                  and so do the runs of a task
 * ```
 * Thousands of runs with one input each (`workers.run`) are common, so no step may look at all of them. A run that has handed out
 * everything leaves the queue. If one run finds a rank busy enough, the other runs of its task are not asked.
 */
export class Queue {
  readonly #byTask: Map<string, Set<MapRun>> = new Map();

  /** How many tasks have runs in the queue. */
  get size(): number {
    return this.#byTask.size;
  }

  /** Names of these tasks. */
  get tasks(): Iterable<string> {
    return this.#byTask.keys();
  }

  /** The run that is asked first. */
  get first(): MapRun | undefined {
    for (const runs of this.#byTask.values()) for (const run of runs) return run;
    return undefined;
  }

  add(run: MapRun): void {
    if (run.spent) {
      run.settleIfDone();
      return;
    }
    const runs = this.#byTask.get(run.task);
    if (runs === undefined) this.#byTask.set(run.task, new Set([run]));
    else runs.add(run);
  }

  delete(run: MapRun): void {
    const runs = this.#byTask.get(run.task);
    if (runs?.delete(run) === true && runs.size === 0) this.#byTask.delete(run.task);
  }

  /**
   * The first chunk that `take` gives. `take` is called for one run after the other, with the number of other runs of its task.
   * It returns items; an empty list when this run has none now; undefined when no other run of this task need be asked.
   */
  next(take: (run: MapRun, others: number) => Item[] | undefined): Chunk | undefined {
    for (const [task, runs] of this.#byTask) {
      for (const run of runs) {
        const items = take(run, runs.size - 1);
        if (run.spent) {
          this.delete(run);
          run.settleIfDone(); // the end of lazy inputs may have come after the last result
        }
        if (items === undefined) break;
        if (items.length === 0) continue;
        this.#moveToEnd(task, runs, run);
        return { run, items };
      }
    }
    return undefined;
  }

  #moveToEnd(task: string, runs: Set<MapRun>, run: MapRun): void {
    if (runs.size > 1 && runs.delete(run)) runs.add(run);
    if (this.#byTask.size > 1 && this.#byTask.delete(task)) this.#byTask.set(task, runs);
  }
}
