import type { Item } from "./item.ts";
import type { Chunk, MapRun } from "./map-run.ts";

/**
 * Jobs that have something to hand out, in the order in which they are asked.
 *
 * ```text
 *   square: job 7, job 8, job 9, ...      tasks take turns,
 *   render: job 3, job 5                  and so do the jobs of a task
 * ```
 * Thousands of jobs of one input each (`workers.run`) are usual. So no step may look at all of them: a job that has handed
 * out everything leaves the queue, and one that finds a rank busy enough speaks for all jobs of its task.
 */
export class Queue {
  readonly #byTask: Map<string, Set<MapRun>> = new Map();

  /** How many tasks have jobs in it. */
  get size(): number {
    return this.#byTask.size;
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
   * The first work that `take` gives. It is asked for one job after the other and told how many others of the same task
   * there are. It returns items, none when this job has none now, undefined when no job of this task need be asked.
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
        this.#toTheEnd(task, runs, run);
        return { run, items };
      }
    }
    return undefined;
  }

  #toTheEnd(task: string, runs: Set<MapRun>, run: MapRun): void {
    if (runs.size > 1 && runs.delete(run)) runs.add(run);
    if (this.#byTask.size > 1 && this.#byTask.delete(task)) this.#byTask.set(task, runs);
  }
}
