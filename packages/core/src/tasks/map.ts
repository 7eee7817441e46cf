import { cancelled, onAbort } from "../calls/abort.ts";
import { siteOf } from "../calls/call-site.ts";
import { invalid, show } from "../calls/check.ts";
import { MpiError } from "../calls/errors.ts";
import { setImmediate } from "../calls/event-loop.ts";
import { fill } from "../calls/into.ts";
import { type ArrayOrBlock, isBlock } from "../calls/regions/block.ts";
import { emptyLike, type TypedArray } from "../calls/typed-array.ts";
import { warn } from "../calls/warning.ts";
import type { Dispatcher } from "./dispatcher.ts";
import { heaviestFirst, type InputSource, readAll, sourceOf } from "./input-source.ts";
import type { Subject } from "./journal.ts";
import { checkedConcurrency, checkedMapOptions } from "./map-options.ts";
import { MapRun } from "./map-run.ts";
import { ProgressMeter } from "./progress-meter.ts";
import type { ResultStore } from "./result-store.ts";
import { ResultList, type Sink } from "./results.ts";
import type {
  AnyTask,
  ImapOptions,
  JournalOptions,
  MapInputs,
  MapOptions,
  PoolMapOptions,
  RootMapInputs,
} from "./task.ts";
import { runTaskCall } from "./task-call.ts";
import type { TaskGroup } from "./task-group.ts";
import { fingerprintOf } from "./task-source.ts";

/** One rank's part in `world.map(fn, inputs, options)`: all the results at rank 0, undefined elsewhere. */
export async function map(
  group: TaskGroup,
  work: AnyTask,
  inputs: RootMapInputs<unknown> | undefined,
  options: MapOptions<unknown> & { into?: ArrayOrBlock | undefined },
  site: string,
): Promise<unknown> {
  const task = checkedTask(work, "map");
  const concurrency = checkedConcurrency(options.concurrency);
  checkedMapOptions(options, group.peers.size, group.showsProgress, concurrency); // before anything is sent: else ranks with wrong options would wait
  const { initializer, rootWorks = true, stopOnError = true, into } = options;
  const call = { tasks: new Map([[task, work]]), rootWorks, attentive: false, concurrency, initializer };
  return runTaskCall(group, call, async (dispatcher, prepared) => {
    const [all] = await Promise.race([Promise.all([given(inputs), prepared]), dispatcher.broken]);
    const results = new ResultList(!stopOnError);
    const order = { task, work, spread: false, inputs: all, options, sink: results, site };
    const run = await start(group, dispatcher, order);
    await run.finished;
    await dispatcher.end();
    return into === undefined ? results.values : gathered(results.values, into);
  });
}

/** The task's name. @throws MpiError `invalid-argument` */
export function checkedTask(work: AnyTask, otherwise: string): string {
  if (typeof work !== "function") throw invalid(`fn is ${show(work)}, but a task is a function`);
  return work.name === "" ? otherwise : work.name;
}

/** Async, so that an error of the caller's function rejects: a synchronous one would leave `prepared` unhandled. */
export async function given(inputs: RootMapInputs<unknown> | undefined): Promise<MapInputs<unknown>> {
  return (typeof inputs === "function" ? inputs() : inputs) as Promise<MapInputs<unknown>>;
}

export interface Order {
  task: string;
  work: AnyTask;
  spread: boolean;
  inputs: MapInputs<unknown>;
  options: ImapOptions & PoolMapOptions;
  sink: Sink;
  site: string;
  /** Opens the journal; by default one of this call's own. */
  openJournal?: typeof openJournal;
}

/** Begins to hand out one list of inputs. */
export async function start(group: TaskGroup, dispatcher: Dispatcher, order: Order): Promise<MapRun> {
  const { task, spread, sink, site } = order;
  const settings = checkedMapOptions(order.options, dispatcher.ranks, group.showsProgress, dispatcher.concurrency);
  const fixed = settings.schedule === "static";
  const { progress } = settings;
  const { weight } = order.options;
  const inputs = fixed || weight !== undefined ? await readAll(order.inputs) : order.inputs;
  const source =
    weight !== undefined
      ? heaviestFirst(Array.from(inputs as Iterable<unknown>), weight)
      : sourceOf(
          inputs,
          oncePerTurn(() => dispatcher.refill()),
        );
  const { journal: file } = settings;
  const journal = file && (await journalOf(order, file).catch((error: unknown) => closeAndThrow(source, error)));
  const show =
    progress === true ? (event: Parameters<TaskGroup["show"]>[0]): void => group.show(event) : progress || undefined;
  const meter = new ProgressMeter(task, dispatcher, show);
  const returned = (run: MapRun): void => dispatcher.returned(run);
  const fingerprint = fingerprintOf(order.work);
  const parts = { task, fingerprint, spread, settings, source, sink, meter, journal, site, returned };
  const run = dispatcher.repeats?.watched(parts) ?? new MapRun(parts);
  if (fixed) run.divide(dispatcher.members);
  const forget = onAbort(settings.signal, (reason) => run.cancel(cancelled(reason)));
  run.finished.then(forget, forget);
  dispatcher.add(run);
  return run;
}

/** Calls `then` once for all that happens in one turn of the event loop. */
function oncePerTurn(then: () => void): () => void {
  let asked = false;
  return () => {
    if (asked) return;
    asked = true;
    setImmediate(() => {
      asked = false;
      then();
    });
  };
}

/** Closes the inputs, which may hold a file or a connection, and throws. */
function closeAndThrow(source: InputSource, error: unknown): never {
  source.close(() => {}); // the first error counts
  throw error;
}

function journalOf(
  { openJournal: open = openJournal, task, work, site }: Order,
  options: JournalOptions,
): Promise<ResultStore> {
  return open(options.file, { task, work, key: options.key }, (text) => warn(`${siteOf(site) ?? task}: ${text}`));
}

/** Loads the journal's code only now: its checksums alone would cost each rank 5 ms at the start. */
async function openJournal(file: string, subject: Subject, warned: (text: string) => void): Promise<ResultStore> {
  const { Journal } = await import("./journal.ts");
  return new Journal(file, subject, warned);
}

/** Concatenates the results in the caller's array: numbers one by one, typed arrays element by element. */
function gathered<A extends ArrayOrBlock>(values: readonly unknown[], into: A): A {
  if (values.length === 0 || ArrayBuffer.isView(values[0])) return fill(into, values);
  const array = isBlock(into) ? into.array : (into as TypedArray);
  const kind = array instanceof BigInt64Array || array instanceof BigUint64Array ? "bigint" : "number";
  const misfit = values.findIndex((value) => typeof value !== kind);
  if (misfit >= 0) {
    throw new MpiError(
      "mismatch",
      `result ${misfit} is ${show(values[misfit])}, but \`into\` takes ${kind}s or typed arrays`,
    );
  }
  if (values.length > into.length) {
    throw new MpiError("mismatch", `there are ${values.length} results, but \`into\` has room for ${into.length}`);
  }
  const results = isBlock(into) ? emptyLike(array, values.length) : array;
  // A union of eleven kinds of arrays cannot express that the values fit the one it is.
  (results as Float64Array).set(values as number[]);
  return isBlock(into) ? fill(into, [results]) : into;
}
