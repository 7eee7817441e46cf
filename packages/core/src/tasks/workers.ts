import { apply } from "../apply.ts";
import { invalid, show } from "../check.ts";
import { MpiError } from "../errors.ts";
import { asOp, type Reducer } from "../op.ts";
import type { Crew } from "./crew.ts";
import type { Dispatcher } from "./dispatcher.ts";
import type { Job } from "./job.ts";
import { type Order, start } from "./map.ts";
import { List, type Sink, Stream } from "./results.ts";
import type { AnyTask, Inputs, ManyOptions, MapOptions, TaskContext, TaskOptions } from "./task.ts";
import { callSite } from "./task-error.ts";

/** Tasks by their names: `{ render, count }`. */
export type Tasks = Record<string, AnyTask>;

/** The arguments of a task without the context that comes last. */
export type TaskArguments<F> = F extends (...args: infer A) => unknown
  ? A extends [...infer Own, TaskContext<never>]
    ? Own
    : A extends [...infer Own, TaskContext]
      ? Own
      : A
  : never;

/** A task's input: its first argument. */
export type TaskInput<F> = F extends (input: infer I, ...rest: never[]) => unknown ? I : never;

export type TaskResult<F> = F extends (...args: never[]) => infer R ? Awaited<R> : never;

type Named<T> = keyof T & string;

/**
 * What rank 0 drives the others with. Each method names a task; calls may overlap, their work is shared out in turn.
 *
 * ```ts
 * const one = await workers.run("render", tile);
 * const all = await workers.map("render", tiles);
 * for await (const pixels of workers.imap("render", tiles)) draw(pixels);
 * ```
 */
export interface Workers<T extends Tasks> {
  /** Ranks that work: all but rank 0, or rank 0 when it is alone. */
  readonly size: number;

  /** One task. Its promise may be kept while others are started: `Promise.all(tiles.map((tile) => workers.run("render", tile)))`. */
  run<K extends Named<T>>(task: K, input: TaskInput<T[K]>, options?: TaskOptions): Promise<TaskResult<T[K]>>;

  /** The results of all inputs, in their order. */
  map<K extends Named<T>>(
    task: K,
    inputs: Inputs<TaskInput<T[K]>>,
    options: MapOptions & { stopOnError: false },
  ): Promise<PromiseSettledResult<TaskResult<T[K]>>[]>;
  map<K extends Named<T>>(task: K, inputs: Inputs<TaskInput<T[K]>>, options?: MapOptions): Promise<TaskResult<T[K]>[]>;

  /** Like {@link map} for a task with several arguments: each input is the list of them. */
  starmap<K extends Named<T>>(
    task: K,
    inputs: Inputs<TaskArguments<T[K]>>,
    options: MapOptions & { stopOnError: false },
  ): Promise<PromiseSettledResult<TaskResult<T[K]>>[]>;
  starmap<K extends Named<T>>(
    task: K,
    inputs: Inputs<TaskArguments<T[K]>>,
    options?: MapOptions,
  ): Promise<TaskResult<T[K]>[]>;

  /** The results one by one, in the order of the inputs. Work begins with the first and stays `lookAhead` before the consumer. */
  imap<K extends Named<T>>(
    task: K,
    inputs: Inputs<TaskInput<T[K]>>,
    options?: ManyOptions,
  ): AsyncGenerator<TaskResult<T[K]>, void>;

  /** The results one by one, as they come. */
  imapUnordered<K extends Named<T>>(
    task: K,
    inputs: Inputs<TaskInput<T[K]>>,
    options?: ManyOptions,
  ): AsyncGenerator<TaskResult<T[K]>, void>;

  /**
   * All results combined at rank 0 in the order of the inputs, without keeping them; undefined when there is none.
   *
   * ```ts
   * const words = await workers.mapReduce("countWords", files, sum);
   * ```
   */
  mapReduce<K extends Named<T>>(
    task: K,
    inputs: Inputs<TaskInput<T[K]>>,
    op: Reducer<TaskResult<T[K]>>,
    options?: ManyOptions,
  ): Promise<TaskResult<T[K]> | undefined>;
}

/** The same without the types of one pool. */
export class Desk implements Workers<Tasks> {
  readonly #crew: Crew;
  readonly #dispatcher: Dispatcher;
  readonly #tasks: ReadonlyMap<string, AnyTask>;
  readonly #open: Set<Promise<void>> = new Set();
  readonly #streams: Set<Job> = new Set();
  #closed = false;

  constructor(crew: Crew, dispatcher: Dispatcher, tasks: ReadonlyMap<string, AnyTask>) {
    this.#crew = crew;
    this.#dispatcher = dispatcher;
    this.#tasks = tasks;
  }

  get size(): number {
    return this.#dispatcher.ranks;
  }

  async run(task: string, input: unknown, options: TaskOptions = {}): Promise<never> {
    const site = callSite(this.run);
    const results = new List(false);
    await this.#all({ task, spread: false, inputs: [input], options, sink: results, site });
    return results.values[0] as never;
  }

  map(task: string, inputs: Inputs<unknown>, options: MapOptions = {}): Promise<never[]> {
    return this.#list(task, false, inputs, options, callSite(this.map));
  }

  starmap(task: string, inputs: Inputs<unknown>, options: MapOptions = {}): Promise<never[]> {
    return this.#list(task, true, inputs, options, callSite(this.starmap));
  }

  imap(task: string, inputs: Inputs<unknown>, options: ManyOptions = {}): AsyncGenerator<never, void> {
    return this.#stream(true, { task, spread: false, inputs, options, site: callSite(this.imap) });
  }

  imapUnordered(task: string, inputs: Inputs<unknown>, options: ManyOptions = {}): AsyncGenerator<never, void> {
    return this.#stream(false, { task, spread: false, inputs, options, site: callSite(this.imapUnordered) });
  }

  async mapReduce(
    task: string,
    inputs: Inputs<unknown>,
    reducer: Reducer<unknown>,
    options: ManyOptions = {},
  ): Promise<never> {
    const op = asOp(reducer);
    const order = { task, spread: false, inputs, options, site: callSite(this.mapReduce) };
    let total: { value: unknown } | undefined;
    for await (const value of this.#stream(true, order)) {
      total = { value: total === undefined ? value : apply(op, total.value, value) };
    }
    return total?.value as never;
  }

  /** Waits for what was started; results that nobody takes any more are not made. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const job of this.#streams) job.cancel(new MpiError("closed", "the pool's driver has returned"));
    await Promise.allSettled(this.#open);
  }

  async #list(
    task: string,
    spread: boolean,
    inputs: Inputs<unknown>,
    options: MapOptions,
    site: string,
  ): Promise<never[]> {
    const results = new List(options.stopOnError === false);
    await this.#all({ task, spread, inputs, options, sink: results, site });
    return results.values as never[];
  }

  async #all(order: Order): Promise<void> {
    const finished = this.#start(order).then((job) => job.finished);
    this.#open.add(finished);
    try {
      await finished;
    } finally {
      this.#open.delete(finished);
    }
  }

  async *#stream(ordered: boolean, order: Omit<Order, "sink">): AsyncGenerator<never, void> {
    const results = new Stream(ordered, () => this.#dispatcher.refill());
    const job = await this.#start({ ...order, sink: results satisfies Sink });
    this.#streams.add(job);
    try {
      for (let next = await results.next(); next !== undefined; next = await results.next()) yield next.value as never;
    } finally {
      this.#streams.delete(job);
      job.cancel(new MpiError("aborted", "nobody takes the results any more"));
    }
  }

  async #start(order: Order): Promise<Job> {
    if (this.#closed) throw new MpiError("closed", `workers.${order.task}: the pool's driver has returned`);
    if (!this.#tasks.has(order.task)) {
      throw invalid(`there is no task ${show(order.task)}; the tasks are ${[...this.#tasks.keys()].join(", ")}`);
    }
    return start(this.#crew, this.#dispatcher, order);
  }
}
