import type { Reducer } from "../ops/op.ts";
import type {
  AnyTask,
  ImapOptions,
  MapInputs,
  PoolMapOptions,
  SettledOptions,
  TaskContext,
  TaskOptions,
} from "./task.ts";

/** Tasks by their names: `{ render, count }`. */
export type PoolTasks = Record<string, AnyTask>;

/** The arguments of a task for `starmap`: all of them. */
export type TaskArguments<F> = F extends (...args: infer A) => unknown ? A : never;

/**
 * A task's input: its first argument. The second one is the context, if there is one: a task whose second parameter is
 * something else, optional or not, is for `starmap` alone, and has the input `never` here.
 */
export type TaskInput<F> = F extends (input: infer I, context: TaskContext<never>) => unknown ? I : never;

/** What a task returns, awaited. */
export type TaskResult<F> = F extends (...args: never[]) => infer R ? Awaited<R> : never;

/**
 * What the driver of a pool hands out work with. Each method names a task. Calls may overlap; ranks work for them in turn.
 *
 * ```ts
 * const one = await workers.run("render", tile);
 * const all = await workers.map("render", tiles);
 * for await (const pixels of workers.imap("render", tiles)) draw(pixels);
 * ```
 */
export interface PoolWorkers<T extends PoolTasks> {
  /** Ranks that work: all but rank 0, or rank 0 too when it is alone or with `rootWorks`. */
  readonly size: number;

  /**
   * Does one task. Its promise may be kept while others start: `Promise.all(tiles.map((tile) => workers.run("render", tile)))`.
   * @param task name of the task
   * @param input its input
   * @param options `timeoutMs`, `retries`, `journal`, `signal`
   * @throws MpiError `invalid-argument` for an unknown task, `aborted`, `closed`; and what the task throws
   */
  run<K extends keyof T & string>(task: K, input: TaskInput<T[K]>, options?: TaskOptions): Promise<TaskResult<T[K]>>;

  /**
   * Gives the results of all inputs, in their order.
   * @param task name of the task
   * @param inputs an array, iterable or async iterable
   * @param options see `PoolMapOptions`
   * @throws MpiError `invalid-argument` for an unknown task, `aborted`, `closed`; and what the task throws
   */
  map<K extends keyof T & string>(
    task: K,
    inputs: MapInputs<TaskInput<T[K]>>,
    options: PoolMapOptions & { stopOnError: false },
  ): Promise<PromiseSettledResult<TaskResult<T[K]>>[]>;
  map<K extends keyof T & string>(
    task: K,
    inputs: MapInputs<TaskInput<T[K]>>,
    options?: PoolMapOptions,
  ): Promise<TaskResult<T[K]>[]>;

  /**
   * Like {@link map}, for a task with several arguments: each input is the list of them. The task gets these and no context.
   * A task that needs the context takes its arguments as one input: `map` of `([a, b], { state }) => ...`.
   * @param task name of the task
   * @param inputs lists of arguments
   * @param options see `PoolMapOptions`
   * @throws MpiError `invalid-argument` for an unknown task, `aborted`, `closed`; and what the task throws
   */
  starmap<K extends keyof T & string>(
    task: K,
    inputs: MapInputs<TaskArguments<T[K]>>,
    options: PoolMapOptions & { stopOnError: false },
  ): Promise<PromiseSettledResult<TaskResult<T[K]>>[]>;
  starmap<K extends keyof T & string>(
    task: K,
    inputs: MapInputs<TaskArguments<T[K]>>,
    options?: PoolMapOptions,
  ): Promise<TaskResult<T[K]>[]>;

  /**
   * Gives the results one by one, in the order of the inputs. Work begins with the first `next`, and stays at most
   * `lookAhead` inputs ahead of the consumer.
   * @param task name of the task
   * @param inputs an array, iterable or async iterable
   * @param options see `ImapOptions`
   * @throws MpiError `invalid-argument` for an unknown task, `aborted`, `closed`; and what the task throws
   */
  imap<K extends keyof T & string>(
    task: K,
    inputs: MapInputs<TaskInput<T[K]>>,
    options: ImapOptions & { settled: true },
  ): AsyncGenerator<PromiseSettledResult<TaskResult<T[K]>>, void>;
  imap<K extends keyof T & string>(
    task: K,
    inputs: MapInputs<TaskInput<T[K]>>,
    options?: ImapOptions & SettledOptions,
  ): AsyncGenerator<TaskResult<T[K]>, void>;

  /**
   * Gives the results one by one, in the order in which they are ready.
   * @param task name of the task
   * @param inputs an array, iterable or async iterable
   * @param options see `ImapOptions`
   * @throws MpiError `invalid-argument` for an unknown task, `aborted`, `closed`; and what the task throws
   */
  imapUnordered<K extends keyof T & string>(
    task: K,
    inputs: MapInputs<TaskInput<T[K]>>,
    options: ImapOptions & { settled: true },
  ): AsyncGenerator<PromiseSettledResult<TaskResult<T[K]>>, void>;
  imapUnordered<K extends keyof T & string>(
    task: K,
    inputs: MapInputs<TaskInput<T[K]>>,
    options?: ImapOptions & SettledOptions,
  ): AsyncGenerator<TaskResult<T[K]>, void>;

  /**
   * Combines all results at rank 0, in the order of the inputs, without keeping them; undefined when there is none.
   *
   * ```ts
   * const words = await workers.mapReduce("countWords", files, sum);
   * ```
   * @param task name of the task
   * @param inputs an array, iterable or async iterable
   * @param op `sum`, `max`, ..., or a function `(a, b) => c`
   * @param options see `ImapOptions`
   * @throws MpiError `invalid-argument` for an unknown task, `aborted`, `closed`; and what the task throws
   */
  mapReduce<K extends keyof T & string>(
    task: K,
    inputs: MapInputs<TaskInput<T[K]>>,
    op: Reducer<TaskResult<T[K]>>,
    options?: ImapOptions,
  ): Promise<TaskResult<T[K]> | undefined>;
}
