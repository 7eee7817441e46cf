import type { Work } from "./messages.ts";

/** A chunk at its worker. Its `inputs` get fewer when the worker gives some back. */
export interface Queued {
  readonly work: Work;
  /** Number of its first task, counted over all tasks that this worker was given. */
  readonly from: number;
}

/**
 * The chunks of a worker, in the order of arrival.
 *
 * ```text
 *   [4 5 6] [7 8 9 10] [11 12]     5 is at work; rank 0 recalls from 9 on: [4 5 6] [7 8] are kept, 4 tasks go back
 *      ▲ next
 * ```
 */
export class WorkQueue {
  /** Number of the task that is at work or begins next. */
  next = 0;
  readonly #chunks: Queued[] = [];
  #received = 0;

  push(work: Work): void {
    this.#chunks.push({ work, from: this.#received });
    this.#received += work.inputs.length;
    this.#skip();
  }

  /** The chunk of the next task. */
  get first(): Queued | undefined {
    return this.#chunks[0];
  }

  /** So many next tasks are done. */
  done(tasks: number): void {
    this.next += tasks;
    this.#skip();
  }

  /**
   * Removes the tasks from number `from` on that are not begun, and returns how many. Between two tasks the next one is kept: the
   * worker begins it at once, without another message.
   */
  giveBack(from: number): number {
    const least = Math.max(from, this.next + 1);
    let back = 0;
    for (let last = this.#chunks.at(-1); last !== undefined; last = this.#chunks.at(-1)) {
      const { inputs } = last.work;
      const kept = Math.max(0, Math.min(inputs.length, least - last.from));
      back += inputs.length - kept;
      inputs.length = kept;
      if (kept > 0) break;
      this.#chunks.pop();
    }
    return back;
  }

  /** Drops chunks that are done. Numbers of tasks that were given back are not used again. */
  #skip(): void {
    for (let first = this.#chunks[0]; first !== undefined; first = this.#chunks[0]) {
      this.next = Math.max(this.next, first.from);
      if (this.next < first.from + first.work.inputs.length) return;
      this.#chunks.shift();
    }
  }
}
