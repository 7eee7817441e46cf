import { invalid, show } from "../calls/check.ts";
import { checkOptions, type KnownOptions, knownOptions } from "../calls/check-options.ts";
import { MpiError } from "../calls/errors.ts";
import { apply } from "../ops/apply.ts";
import { asOp, type Reducer } from "../ops/op.ts";
import type { Dispatcher } from "./dispatcher.ts";
import { type Order, start } from "./map.ts";
import type { MapRun } from "./map-run.ts";
import { ResultList, ResultStream } from "./results.ts";
import type { AnyTask, ImapOptions, MapInputs, PoolMapOptions, TaskContext, TaskOptions } from "./task.ts";
import { callSite } from "./task-error.ts";
import type { TaskGroup } from "./task-group.ts";

/** PoolTasks by their names: `{ render, count }`. */
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
  /** Ranks that work: all but rank 0, or rank 0 when it is alone. */
  readonly size: number;

  /**
   * Does one task. Its promise may be kept while others start: `Promise.all(tiles.map((tile) => workers.run("render", tile)))`.
   * @param task name of the task
   * @param input its input
   * @param options `timeoutMs`, `retries`, `signal`
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
    options?: ImapOptions,
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
    options?: ImapOptions,
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

/** What the driver asks for, and the options that this call knows. */
interface Asked extends Omit<Order, "sink" | "work"> {
  readonly known: KnownOptions;
}

/** The {@link PoolWorkers} of a pool, without the types of its tasks. */
export class RootWorkers implements PoolWorkers<PoolTasks> {
  readonly #group: TaskGroup;
  readonly #dispatcher: Dispatcher;
  readonly #tasks: ReadonlyMap<string, AnyTask>;
  /** Calls under way: our promise of the work, and the promise that the driver got. */
  readonly #calls: Map<Promise<unknown>, Promise<unknown>> = new Map();
  /** Runs whose results the driver takes one by one. */
  readonly #streams: Set<MapRun> = new Set();
  #closed = false;
  #abandoned = false;

  constructor(group: TaskGroup, dispatcher: Dispatcher, tasks: ReadonlyMap<string, AnyTask>) {
    this.#group = group;
    this.#dispatcher = dispatcher;
    this.#tasks = tasks;
  }

  get size(): number {
    return this.#dispatcher.ranks;
  }

  run(task: string, input: unknown, options: TaskOptions = {}): Promise<never> {
    const order = { task, spread: false, inputs: [input], options, site: callSite(this.run), known: knownOptions.run };
    return this.#open(this.#list(order, false).then(([result]) => result as never));
  }

  map(task: string, inputs: MapInputs<unknown>, options: PoolMapOptions = {}): Promise<never[]> {
    const order = { task, spread: false, inputs, options, site: callSite(this.map), known: knownOptions.poolMap };
    return this.#open(this.#list(order, options?.stopOnError === false));
  }

  starmap(task: string, inputs: MapInputs<unknown>, options: PoolMapOptions = {}): Promise<never[]> {
    const order = { task, spread: true, inputs, options, site: callSite(this.starmap), known: knownOptions.starmap };
    return this.#open(this.#list(order, options?.stopOnError === false));
  }

  imap(task: string, inputs: MapInputs<unknown>, options: ImapOptions = {}): AsyncGenerator<never, void> {
    return this.#stream(
      true,
      { task, spread: false, inputs, options, site: callSite(this.imap), known: knownOptions.imap },
      false,
    );
  }

  imapUnordered(task: string, inputs: MapInputs<unknown>, options: ImapOptions = {}): AsyncGenerator<never, void> {
    const order = {
      task,
      spread: false,
      inputs,
      options,
      site: callSite(this.imapUnordered),
      known: knownOptions.imapUnordered,
    };
    return this.#stream(false, order, false);
  }

  mapReduce(
    task: string,
    inputs: MapInputs<unknown>,
    reducer: Reducer<unknown>,
    options: ImapOptions = {},
  ): Promise<never> {
    const order = {
      task,
      spread: false,
      inputs,
      options,
      site: callSite(this.mapReduce),
      known: knownOptions.mapReduce,
    };
    return this.#open(this.#reduce(order, reducer));
  }

  async #reduce(order: Asked, reducer: Reducer<unknown>): Promise<never> {
    const op = asOp(reducer);
    let total: { value: unknown } | undefined;
    for await (const value of this.#stream(true, order, true)) {
      total = { value: total === undefined ? value : apply(op, total.value, value) };
    }
    return total?.value as never;
  }

  /** Waits for all calls under way. Cancels runs whose results the driver would have taken one by one. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const run of this.#streams) run.cancel(driverHasReturned());
    await Promise.allSettled(this.#calls.keys());
  }

  /**
   * The pool has failed and reports that itself. Calls under way fail for the same reason. A driver that has thrown awaits none
   * of them, so their rejections are marked as handled; otherwise they would end the process.
   */
  abandon(): void {
    this.#closed = true;
    this.#abandoned = true;
    for (const given of this.#calls.values()) given.catch(() => {});
  }

  /** The driver's promise for a call. Separate from `work`, so that awaiting `work` here does not mark the driver's as handled. */
  #open<R>(work: Promise<R>): Promise<R> {
    const given = work.finally(() => this.#calls.delete(work));
    this.#calls.set(work, given);
    if (this.#abandoned) given.catch(() => {});
    return given;
  }

  async #list(order: Asked, settled: boolean): Promise<never[]> {
    const results = new ResultList(settled);
    const run = await this.#start({ ...order, sink: results });
    await run.finished;
    return results.values as never[];
  }

  /** @param own the pool itself consumes the results, to the end */
  async *#stream(ordered: boolean, order: Asked, own: boolean): AsyncGenerator<never, void> {
    const results = new ResultStream(ordered, () => this.#dispatcher.refill());
    const run = await this.#start({ ...order, sink: results });
    if (!own) this.#streams.add(run);
    if (!own && this.#closed) run.cancel(driverHasReturned());
    try {
      for (let next = await results.next(); next !== undefined; next = await results.next()) yield next.value as never;
    } finally {
      this.#streams.delete(run);
      run.cancel(new MpiError("aborted", "nobody takes the results any more"));
    }
  }

  async #start(order: Asked & Pick<Order, "sink">): Promise<MapRun> {
    const { task, known, options } = order;
    checkOptions(known, options);
    if (this.#closed) throw new MpiError("closed", `workers.${task}: the pool's driver has returned`);
    const work = this.#tasks.get(task);
    if (work === undefined) {
      throw invalid(`there is no task ${show(task)}; the tasks are ${[...this.#tasks.keys()].join(", ")}`);
    }
    return start(this.#group, this.#dispatcher, { ...order, work });
  }
}

function driverHasReturned(): MpiError {
  return new MpiError("closed", "the pool's driver has returned");
}
