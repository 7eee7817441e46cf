import { invalid } from "../calls/check.ts";
import { MpiError } from "../calls/errors.ts";
import type { Cancellable, Into } from "../calls/options.ts";
import type { TypedArray } from "../calls/typed-array.ts";
import { map } from "../tasks/map.ts";
import type { InputsAtRoot, Task, WorldMapOptions } from "../tasks/task.ts";
import { callSite } from "../tasks/task-error.ts";
import type { TaskGroup } from "../tasks/task-group.ts";
import { type Progress, ProgressLines } from "../wire/progress.ts";
import { Collective } from "./collective.ts";

/** Work that rank 0 hands out to the ranks of a communicator. */
export abstract class TaskCollective extends Collective {
  /** What hands out work at present. */
  #handingOut: "map" | "pool" | undefined;

  /**
   * `fn` of every input: rank 0 hands the inputs out, all ranks work, and rank 0 gets the results in the order of the
   * inputs; undefined elsewhere. Collective: every rank calls it, with the same function.
   *
   * ```ts
   * const estimates = await world.map(piRun, () => trials);
   * const rows = await world.map(simulate, parameters, { journal: "sweep.journal", progress: true });
   * ```
   *
   * Captured variables: a task uses the variables of the rank on which it runs. Every rank has its own, so a variable
   * that one rank alone assigns has another value elsewhere: bcast it, or pass it with the inputs.
   *
   * Inputs and results travel as messages do, also those of rank 0's own tasks. When a task fails the call rejects on
   * every rank: at rank 0 with the task's own error, which has the properties `task`, `index`, `rank`, `host` and the
   * remote stack as its cause; elsewhere with `aborted`.
   * @param inputs an array, iterable or async iterable, or a function that gives one and is called at rank 0 alone; what
   *   other ranks pass is ignored
   * @throws MpiError `unserializable` for an input or result that cannot travel, `aborted` when the job is about to be
   *   stopped (tasks under way have ended, and the journal has their results), `rank-failed` when a task was at work
   *   on three ranks that were lost
   */
  map<I, R, S = undefined>(
    fn: Task<I, R, S>,
    inputs: InputsAtRoot<I> | undefined,
    options: WorldMapOptions<S> & { stopOnError: false },
  ): Promise<PromiseSettledResult<R>[] | undefined>;
  map<I, R, A extends TypedArray, S = undefined>(
    fn: Task<I, R, S>,
    inputs: InputsAtRoot<I> | undefined,
    options: WorldMapOptions<S> & Into<A>,
  ): Promise<A | undefined>;
  map<I, R, S = undefined>(
    fn: Task<I, R, S>,
    inputs?: InputsAtRoot<I>,
    options?: WorldMapOptions<S>,
  ): Promise<R[] | undefined>;
  map(
    fn: Task<never, unknown, never>,
    inputs?: InputsAtRoot<unknown>,
    options: WorldMapOptions<unknown> & Partial<Into<TypedArray>> = {},
  ): Promise<unknown> {
    const site = callSite(this.map);
    return this.handOut("map", options, (group) => map(group, fn, inputs, options, site));
  }

  /** @internal One rank's part in work that rank 0 hands out. What `body` throws is what this rank's caller gets. */
  async handOut<R>(
    operation: "map" | "pool",
    options: Cancellable,
    body: (group: TaskGroup) => Promise<R>,
  ): Promise<R> {
    // A task that called it would wait for rank 0, and rank 0 for the task.
    const other = this.#handingOut;
    if (other !== undefined) {
      throw invalid(
        `${operation}() within ${other}() on the same communicator: tasks and drivers need one of their own`,
      );
    }
    this.#handingOut = operation;
    let own: { error: unknown } | undefined;
    try {
      return await this.collective(operation, options, async (peers) => {
        const { who, engine, signal, showProgress } = this.world;
        let lines: ProgressLines | undefined;
        const write = (progress: Progress): void => {
          lines ??= new ProgressLines(process.stderr);
          lines.show(progress);
        };
        try {
          return await body({
            peers,
            who,
            members: this.partners,
            hosts: this.hosts,
            signal,
            checking: engine.checking,
            showsProgress: process.env["TSMPI_PROGRESS"] === "1",
            show: showProgress ?? write,
          });
        } catch (error) {
          own = { error };
          throw error;
        }
      });
    } catch (error) {
      throw own === undefined || own.error instanceof MpiError ? error : own.error;
    } finally {
      this.#handingOut = undefined;
    }
  }
}
