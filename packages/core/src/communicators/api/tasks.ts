import type { CallOptions, IntoOptions } from "../../calls/options.ts";
import type { TypedArray } from "../../calls/typed-array.ts";
import type { PoolTasks, PoolWorkers } from "../../tasks/pool-workers.ts";
import type {
  ConcurrencyOptions,
  InitializerOptions,
  MapOptions,
  RootMapInputs,
  TaskFunction,
  WorldImapOptions,
} from "../../tasks/task.ts";

/** Options of `pool`. */
export interface PoolOptions<S = unknown> extends InitializerOptions<S>, ConcurrencyOptions, CallOptions {
  /** Whether rank 0 does tasks too, beside its driver; default false. For tasks that await: one that computes keeps the driver waiting. */
  rootWorks?: boolean | undefined;
}

/** Work that rank 0 hands out to the ranks of a communicator. */
export interface TaskCalls {
  /**
   * Calls `fn` with every input: rank 0 hands the inputs out, all ranks work, and rank 0 gets the results in the order of
   * the inputs; undefined elsewhere. Every rank calls it, with the same function.
   *
   * Captured variables: a task uses the variables of the rank on which it runs. A variable that one rank alone assigns has
   * another value elsewhere: bcast it, or pass it with the inputs.
   *
   * Inputs and results are copies, also those of rank 0's own tasks. When a task fails, the call rejects on every rank: at
   * rank 0 with the task's own error, which has the properties `task`, `index`, `rank`, `host` and the remote stack as its
   * cause; elsewhere with `aborted`.
   *
   * ```ts
   * const squares = await world.map((n: number) => n * n, [1, 2, 3]);
   * if (world.rank === 0) squares?.length; // 3: [1, 4, 9]
   * ```
   * @param fn the task
   * @param inputs an array, iterable or async iterable, or a function that makes one at rank 0; ignored on other ranks
   * @param options schedule, journal, progress, ...; see `MapOptions`
   * @throws MpiError `unserializable` for an input or result that cannot travel. `aborted` when the job is about to be
   * stopped: pending tasks have ended, and the journal has their results. `rank-failed` when a task was at work on three
   * ranks that were lost.
   */
  map<I, R, S = undefined>(
    fn: TaskFunction<I, R, S>,
    inputs: RootMapInputs<I> | undefined,
    options: MapOptions<S> & { stopOnError: false },
  ): Promise<PromiseSettledResult<R>[] | undefined>;
  map<I, R, A extends TypedArray, S = undefined>(
    fn: TaskFunction<I, R, S>,
    inputs: RootMapInputs<I> | undefined,
    options: MapOptions<S> & IntoOptions<A>,
  ): Promise<A | undefined>;
  map<I, R, S = undefined>(
    fn: TaskFunction<I, R, S>,
    inputs?: RootMapInputs<I>,
    options?: MapOptions<S>,
  ): Promise<R[] | undefined>;

  /**
   * Like {@link map}, but rank 0 gets the results one by one, in the order of the inputs, while the others work. Work stays at
   * most `lookAhead` inputs ahead of the loop that takes the results.
   *
   * Every rank iterates: the call begins with the first `next`. On other ranks the loop gets nothing, and ends when rank 0's loop
   * ends. A loop that is left early ends the call on every rank. When a task fails, the loop gets its error in the place of the
   * result, and the call rejects on every rank as `map` does; with `settled: true` it goes on. Results still to come are dropped.
   *
   * ```ts
   * const seen: number[] = [];
   * for await (const square of world.imap((n: number) => n * n, [1, 2, 3])) seen.push(square);
   * if (world.rank === 0) seen; // [1, 4, 9]
   * ```
   * @param fn the task
   * @param inputs an array, iterable or async iterable, or a function that makes one at rank 0; ignored on other ranks
   * @param options schedule, lookAhead, journal, settled, ...; see `WorldImapOptions`
   * @throws MpiError as `map` does
   */
  imap<I, R, S = undefined>(
    fn: TaskFunction<I, R, S>,
    inputs: RootMapInputs<I> | undefined,
    options: WorldImapOptions<S> & { settled: true },
  ): AsyncGenerator<PromiseSettledResult<R>, void>;
  imap<I, R, S = undefined>(
    fn: TaskFunction<I, R, S>,
    inputs?: RootMapInputs<I>,
    options?: WorldImapOptions<S>,
  ): AsyncGenerator<R, void>;

  /**
   * Like {@link imap}, but rank 0 gets the results in the order in which they are ready.
   *
   * ```ts
   * let total = 0;
   * for await (const square of world.imapUnordered((n: number) => n * n, [1, 2, 3])) total += square;
   * if (world.rank === 0) total; // 14
   * ```
   * @param fn the task
   * @param inputs an array, iterable or async iterable, or a function that makes one at rank 0; ignored on other ranks
   * @param options schedule, lookAhead, journal, settled, ...; see `WorldImapOptions`
   * @throws MpiError as `map` does
   */
  imapUnordered<I, R, S = undefined>(
    fn: TaskFunction<I, R, S>,
    inputs: RootMapInputs<I> | undefined,
    options: WorldImapOptions<S> & { settled: true },
  ): AsyncGenerator<PromiseSettledResult<R>, void>;
  imapUnordered<I, R, S = undefined>(
    fn: TaskFunction<I, R, S>,
    inputs?: RootMapInputs<I>,
    options?: WorldImapOptions<S>,
  ): AsyncGenerator<R, void>;

  /**
   * Rank 0 runs `driver`; the other ranks do the tasks that it names, until it has returned. In a world of one, rank 0 does
   * them. Gives the driver's result at rank 0, undefined elsewhere. Every rank calls it, with the same tasks.
   *
   * A task that fails rejects its own call, and the pool goes on. When the driver throws, the pool rejects on every rank:
   * at rank 0 with what was thrown, elsewhere with `aborted`. Calls that the driver does not await are waited for.
   *
   * ```ts
   * const square = (n: number): number => n * n;
   * const nine = await world.pool({ square }, (workers) => workers.run("square", 3));
   * if (world.rank === 0) nine; // 9
   * ```
   * @param tasks the functions that the driver may name
   * @param driver runs at rank 0, and hands out work with its argument
   * @param options `initializer`, `rootWorks`, `concurrency`, `signal`
   * @throws MpiError `invalid-argument` for tasks that are no functions; also `rank-failed`, `aborted`, `closed`
   */
  pool<T extends PoolTasks, R, S = undefined>(
    tasks: T,
    driver: (workers: PoolWorkers<T>) => R | Promise<R>,
    options?: PoolOptions<S>,
  ): Promise<R | undefined>;
}
