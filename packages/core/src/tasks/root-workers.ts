import { invalid, show } from "../calls/check.ts";
import { checkOptions, type KnownOptions, knownOptions } from "../calls/check-options.ts";
import { MpiError } from "../calls/errors.ts";
import { apply } from "../ops/apply.ts";
import { asOp, type Reducer } from "../ops/op.ts";
import type { Dispatcher } from "./dispatcher.ts";
import { type Order, start } from "./map.ts";
import type { MapRun } from "./map-run.ts";
import type { PoolTasks, PoolWorkers } from "./pool-workers.ts";
import { ResultList, ResultStream } from "./results.ts";
import { RunJournals } from "./run-journals.ts";
import type { AnyTask, ImapOptions, MapInputs, PoolMapOptions, SettledOptions, TaskOptions } from "./task.ts";
import { callSite } from "./task-error.ts";
import type { TaskGroup } from "./task-group.ts";

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
  readonly #journals: RunJournals = new RunJournals();
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
    const site = callSite(this.run);
    const openJournal: Order["openJournal"] = (...journal) => this.#journals.of(...journal);
    const order = { task, spread: false, inputs: [input], options, site, known: knownOptions.run, openJournal };
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
      { task, spread: false, inputs, options, site: callSite(this.imap), known: knownOptions.poolImap },
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
      known: knownOptions.poolImapUnordered,
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
    this.#journals.close();
  }

  /**
   * The pool has failed and reports that itself. Calls under way fail for the same reason. A driver that has thrown awaits none
   * of them, so their rejections are marked as handled; otherwise they would end the process.
   */
  abandon(): void {
    this.#closed = true;
    this.#abandoned = true;
    for (const given of this.#calls.values()) given.catch(() => {});
    try {
      this.#journals.close();
    } catch {} // the pool's own failure counts
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
    const { settled = false } = order.options as SettledOptions;
    const results = new ResultStream(ordered, settled, () => this.#dispatcher.refill());
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
