import type { Chunk, Item, Job } from "./map-run.ts";

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
  readonly #byTask: Map<string, Set<Job>> = new Map();

  /** How many tasks have jobs in it. */
  get size(): number {
    return this.#byTask.size;
  }

  add(job: Job): void {
    if (job.spent) {
      job.settleIfDone();
      return;
    }
    const jobs = this.#byTask.get(job.task);
    if (jobs === undefined) this.#byTask.set(job.task, new Set([job]));
    else jobs.add(job);
  }

  delete(job: Job): void {
    const jobs = this.#byTask.get(job.task);
    if (jobs?.delete(job) === true && jobs.size === 0) this.#byTask.delete(job.task);
  }

  /**
   * The first work that `take` gives. It is asked for one job after the other and told how many others of the same task
   * there are. It returns items, none when this job has none now, undefined when no job of this task need be asked.
   */
  next(take: (job: Job, others: number) => Item[] | undefined): Chunk | undefined {
    for (const [task, jobs] of this.#byTask) {
      for (const job of jobs) {
        const items = take(job, jobs.size - 1);
        if (job.spent) {
          this.delete(job);
          job.settleIfDone(); // the end of lazy inputs may have come after the last result
        }
        if (items === undefined) break;
        if (items.length === 0) continue;
        this.#toTheEnd(task, jobs, job);
        return { job, items };
      }
    }
    return undefined;
  }

  #toTheEnd(task: string, jobs: Set<Job>, job: Job): void {
    if (jobs.size > 1 && jobs.delete(job)) jobs.add(job);
    if (this.#byTask.size > 1 && this.#byTask.delete(task)) this.#byTask.set(task, jobs);
  }
}
