import { onAbort } from "../calls/abort.ts";
import { siteOf } from "../calls/call-site.ts";
import { invalid, show } from "../calls/check.ts";
import { MpiError, messageOf } from "../calls/errors.ts";
import { queueMicrotask, setImmediate } from "../calls/event-loop.ts";
import { fill } from "../calls/into.ts";
import type { TypedArray } from "../calls/typed-array.ts";
import { warn } from "../calls/warning.ts";
import { Dispatcher } from "./dispatcher.ts";
import { type InputSource, readAll, sourceOf } from "./input-source.ts";
import type { Journal } from "./journal.ts";
import { complete } from "./map-options.ts";
import { MapRun } from "./map-run.ts";
import { ProgressMeter } from "./progress-meter.ts";
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
import type { TaskGroup } from "./task-group.ts";
import { TaskRunner } from "./task-runner.ts";
import { serve } from "./worker.ts";

/** One rank's part in `world.map(fn, inputs, options)`: all the results at rank 0, undefined elsewhere. */
export async function map(
  group: TaskGroup,
  work: AnyTask,
  inputs: RootMapInputs<unknown> | undefined,
  options: MapOptions<unknown> & { into?: TypedArray | undefined },
  site: string,
): Promise<unknown> {
  if (typeof work !== "function") throw invalid(`fn is ${show(work)}, but a task is a function`);
  const { rank, size } = group.peers;
  const works = rank !== 0 || size === 1 || (options.rootWorks ?? true);
  complete(options, size, group.showsProgress); // ranks that disagree about their options shall not wait for each other
  const task = work.name === "" ? "map" : work.name;
  const runner = works ? new TaskRunner(rank, new Map([[task, work]])) : undefined;
  const dispatcher = rank === 0 ? new Dispatcher(group, runner, false) : undefined;
  const prepared = runner?.prepare(options.initializer, group.signal);
  if (dispatcher === undefined) {
    await prepared;
    await serve(group.peers, runner as TaskRunner);
    return undefined;
  }
  const forget = haltWithTheJob(group, dispatcher);
  try {
    const [all] = await Promise.race([Promise.all([given(inputs), prepared]), dispatcher.broken]);
    const { stopOnError = true, into } = options;
    const results = new ResultList(!stopOnError);
    const order = { task, work, spread: false, inputs: all, options, sink: results, site };
    const run = await start(group, dispatcher, order);
    await run.finished;
    await dispatcher.end();
    return into === undefined ? results.values : gathered(results.values, into);
  } catch (error) {
    dispatcher.fail(error);
    throw error;
  } finally {
    forget();
  }
}

/** Async: what the caller's function throws must not leave `prepared` without anybody who awaits it. */
async function given(inputs: RootMapInputs<unknown> | undefined): Promise<MapInputs<unknown>> {
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
}

/** Begins to hand out one list of inputs. */
export async function start(group: TaskGroup, dispatcher: Dispatcher, order: Order): Promise<MapRun> {
  const { task, work, spread, sink, site } = order;
  const settings = complete(order.options, dispatcher.ranks, group.showsProgress);
  const fixed = settings.schedule === "static";
  const { progress } = settings;
  const inputs = fixed ? await readAll(order.inputs) : order.inputs;
  const source = sourceOf(inputs, () => setImmediate(() => dispatcher.refill()));
  const { journal: file } = settings;
  const journal = file && (await open(file, task, work, site).catch((error: unknown) => refuse(source, error)));
  const show =
    progress === true ? (event: Parameters<TaskGroup["show"]>[0]): void => group.show(event) : progress || undefined;
  const meter = new ProgressMeter(task, dispatcher, show);
  const returned = (run: MapRun): void => dispatcher.returned(run);
  const parts = { task, spread, settings, source, sink, meter, journal, site, returned };
  const run = dispatcher.repeats?.watched(parts) ?? new MapRun(parts);
  if (fixed) run.divide(dispatcher.members);
  const forget = onAbort(settings.signal, (reason) => run.cancel(cancelled(reason)));
  run.finished.then(forget, forget);
  dispatcher.add(run);
  return run;
}

/** The inputs may hold a file or a connection. */
function refuse(source: InputSource, error: unknown): never {
  source.close(() => {}); // the reason is what counts
  throw error;
}

/** Loaded when it is needed: its checksums alone cost each rank 5 ms at its start. */
async function open({ file, key }: JournalOptions, task: string, work: AnyTask, site: string): Promise<Journal> {
  const { Journal } = await import("./journal.ts");
  return new Journal(file, { task, work, key }, (text) => warn(`${siteOf(site) ?? task}: ${text}`));
}

/** The job is about to be stopped: what is under way may end, nothing new begins. */
export function haltWithTheJob(group: TaskGroup, dispatcher: Dispatcher): () => void {
  const { signal } = group;
  const halt = (): void => {
    const why = `nothing more is handed out: ${messageOf(signal.reason)}`;
    dispatcher.halt(new MpiError("aborted", why, { cause: signal.reason }));
  };
  if (signal.aborted) queueMicrotask(halt);
  else signal.addEventListener("abort", halt, { once: true });
  return () => signal.removeEventListener("abort", halt);
}

function cancelled(reason: unknown): MpiError {
  return new MpiError("aborted", `cancelled: ${messageOf(reason)}`, { cause: reason });
}

/** Results behind each other in the caller's array: numbers one by one, typed arrays element by element. */
function gathered(values: readonly unknown[], into: TypedArray): TypedArray {
  if (values.length === 0 || ArrayBuffer.isView(values[0])) return fill(into, values);
  const kind = into instanceof BigInt64Array || into instanceof BigUint64Array ? "bigint" : "number";
  const stranger = values.findIndex((value) => typeof value !== kind);
  if (stranger >= 0) {
    throw new MpiError(
      "mismatch",
      `result ${stranger} is ${show(values[stranger])}, but \`into\` takes ${kind}s or typed arrays`,
    );
  }
  if (values.length > into.length) {
    throw new MpiError("mismatch", `there are ${values.length} results, but \`into\` has room for ${into.length}`);
  }
  // A union of eleven kinds of arrays cannot express that the values fit the one it is.
  (into as Float64Array).set(values as number[]);
  return into;
}
