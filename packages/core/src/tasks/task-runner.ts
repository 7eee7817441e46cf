import { invalid } from "../calls/check.ts";
import { MpiError, messageOf } from "../calls/errors.ts";
import { clearTimeout, performance, setTimeout } from "../calls/event-loop.ts";
import { failed, isPrimitive, type Outcome } from "./outcome.ts";
import type { AnyTask, InitializerContext, TaskContext } from "./task.ts";
import { fingerprintOf, isBuiltIn } from "./task-source.ts";

/** How to call the tasks of a chunk. */
export interface TaskSpec {
  readonly task: string;
  /** The input is a list of arguments. */
  readonly spread: boolean;
  readonly timeoutMs: number | undefined;
  /** Of rank 0's function. */
  readonly fingerprint?: number | undefined;
  /** No further task of it begins. */
  readonly halted?: boolean;
}

/** Inputs whose tasks one rank does one after the other. */
export interface Stretch {
  readonly inputs: readonly unknown[];
  /** Position of input `i` of these among all inputs. */
  indexOf(i: number): number;
  readonly attempt: number;
  /** What a task gets of an input that is an object. What it throws, the task has thrown. */
  own(input: object): unknown;
}

/** Longer stretches read the clock once in this many tasks, but after each of their last {@link closely} tasks. */
const clockEvery = 4;
const closely = 64;

interface Known {
  /** As the program gave it. */
  readonly task: AnyTask;
  readonly work: (...args: unknown[]) => unknown;
  readonly wantsContext: boolean;
  readonly fingerprint: number;
}

/**
 * Whether a task declares a second parameter for the context. Parameters with a default and rest parameters are not counted by
 * `length`; the context would be wrong there. Built-in functions such as `Math.max` get no context either.
 */
function wantsContext(work: AnyTask): boolean {
  return work.length >= 2 && !isBuiltIn(work);
}

/** Runs tasks on this rank, one after the other. Keeps the initializer's state. */
export class TaskRunner {
  /** Makes of each task's function one that is called in its place; set where the run is recorded. */
  static watch: ((work: Known["work"]) => Known["work"]) | undefined;
  readonly #rank: number;
  readonly #tasks: ReadonlyMap<string, Known>;
  readonly #shared: { state: unknown; readonly runners: TaskRunner[] };
  readonly #returnedPromise: ((task: string) => void) | undefined;
  #current: Context | undefined;
  /** A task is at work that has not returned to its caller. */
  #computing = false;

  /** @param seat of another runner: see {@link seat} */
  constructor(
    rank: number,
    tasks: ReadonlyMap<string, AnyTask>,
    seat?: { shared: { state: unknown; runners: TaskRunner[] }; returnedPromise: (task: string) => void },
  ) {
    this.#rank = rank;
    this.#shared = seat?.shared ?? { state: undefined, runners: [] };
    this.#shared.runners.push(this);
    this.#returnedPromise = seat?.returnedPromise;
    this.#tasks = new Map(
      Array.from(tasks, ([name, task]) => {
        const work = TaskRunner.watch?.(task as Known["work"]) ?? (task as Known["work"]);
        return [name, { task, work, wantsContext: wantsContext(task), fingerprint: fingerprintOf(task) }];
      }),
    );
  }

  /**
   * A runner of the same tasks, for one that is at work at the same time. It shares the state.
   * @param returnedPromise called with the name of each task that has returned a promise
   */
  seat(returnedPromise: (task: string) => void): TaskRunner {
    const tasks = new Map(Array.from(this.#tasks, ([name, { task }]) => [name, task]));
    return new TaskRunner(this.#rank, tasks, { shared: this.#shared, returnedPromise });
  }

  async prepare(
    initializer: ((context: InitializerContext) => unknown) | undefined,
    signal: AbortSignal,
  ): Promise<void> {
    if (initializer === undefined) return;
    try {
      this.#shared.state = await initializer({ rank: this.#rank, signal });
    } catch (error) {
      throw new MpiError("aborted", `the initializer failed: ${messageOf(error)}`, { cause: error });
    }
  }

  /**
   * Does the tasks of a stretch from number `from` on until the clock says `until`, and appends their results to `values`. It ends
   * early after a task whose outcome is not a primitive: an object, an error or a promise. Returns that outcome. Never throws.
   *
   * One loop, because most maps begin in V8's interpreter. There a call and an object for each thing that a task may need would
   * take longer than a small task. Reading the clock would too: a stretch of small tasks reads it once in {@link clockEvery} tasks,
   * but not at its end. Long tasks that follow short ones would all be done here, while others are idle.
   */
  // biome-ignore lint/complexity/noExcessiveCognitiveComplexity: the loop that all tasks go through
  doSome(
    spec: TaskSpec,
    stretch: Stretch,
    from: number,
    values: unknown[],
    until: number,
  ): Outcome | Promise<Outcome> | undefined {
    const { spread, timeoutMs } = spec;
    const { inputs, attempt } = stretch;
    const known = this.#tasks.get(spec.task);
    if (known === undefined) return failed(invalid(`rank ${this.#rank} has no task ${JSON.stringify(spec.task)}`));
    const { work, wantsContext, fingerprint } = known;
    if ((spec.fingerprint ?? fingerprint) !== fingerprint) return failed(otherTask(this.#rank, spec.task));
    let context: Context | undefined;
    this.#computing = true;
    try {
      for (let i = from; i < inputs.length && spec.halted !== true; i++) {
        const given = inputs[i];
        const input = typeof given === "object" && given !== null ? stretch.own(given) : given;
        if (wantsContext)
          this.#current = context = new Context(stretch.indexOf(i), attempt, this.#rank, this.#shared.state);
        const started = timeoutMs === undefined ? 0 : performance.now();
        const value = spread ? work(...(input as unknown[])) : wantsContext ? work(input, context) : work(input);
        if (isThenable(value)) {
          context ??= new Context(stretch.indexOf(i), attempt, this.#rank, this.#shared.state);
          this.#current = context;
          this.#returnedPromise?.(spec.task);
          return settled(value, context, timeoutMs);
        }
        if (context !== undefined) context.over = true;
        if (timeoutMs !== undefined && performance.now() - started > timeoutMs) return failed(tookTooLong(timeoutMs));
        if (!isPrimitive(value)) return { ok: true, value };
        values.push(value);
        if (readsClock(i - from, inputs.length - i) && performance.now() >= until) break;
      }
      return undefined;
    } catch (error) {
      if (context !== undefined) context.over = true;
      return failed(error);
    } finally {
      this.#computing = false;
    }
  }

  /** Whether a task is at work on this rank. */
  get atWork(): boolean {
    return this.#shared.runners.some((runner) => runner.#computing || runner.#current?.over === false);
  }

  /** Aborts the task at work: its result is not wanted any more. */
  cancel(reason: unknown): void {
    this.#current?.abort(reason);
  }
}

function otherTask(rank: number, task: string): MpiError {
  const why = "every rank has to give the same function, in the same order of calls";
  return new MpiError("mismatch", `rank ${rank} has another function ${task} than rank 0: ${why}`);
}

export function tookTooLong(timeoutMs: number): MpiError {
  return new MpiError("aborted", `the task took more than ${timeoutMs} ms`);
}

/** Resolves with the task, or when its signal aborts: a task that ignores its signal must not delay the map. */
function settled(value: PromiseLike<unknown>, context: Context, timeoutMs: number | undefined): Promise<Outcome> {
  return new Promise((resolve) => {
    let timer: NodeJS.Timeout | undefined;
    const settle = (outcome: Outcome): void => {
      clearTimeout(timer);
      context.over = true;
      resolve(outcome);
    };
    if (timeoutMs !== undefined) timer = setTimeout(() => context.abort(tookTooLong(timeoutMs)), timeoutMs);
    context.aborted = (reason) => settle(failed(reason));
    value.then(
      (result) => settle({ ok: true, value: result }),
      (error: unknown) => settle(failed(error)),
    );
  });
}

/** The context of one task. The signal is made on first use, because an AbortController costs more than a small task. */
class Context implements TaskContext {
  readonly index: number;
  readonly attempt: number;
  readonly rank: number;
  readonly state: unknown;
  /** Called when the task is aborted. */
  aborted: ((reason: unknown) => void) | undefined;
  /** The task has ended and can no longer be aborted. */
  over = false;
  #controller: AbortController | undefined;
  #reason: { reason: unknown } | undefined;

  constructor(index: number, attempt: number, rank: number, state: unknown) {
    this.index = index;
    this.attempt = attempt;
    this.rank = rank;
    this.state = state;
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#reason !== undefined) this.#controller.abort(this.#reason.reason);
    }
    return this.#controller.signal;
  }

  abort(reason: unknown): void {
    if (this.#reason !== undefined || this.over) return;
    this.#reason = { reason };
    this.#controller?.abort(reason);
    this.aborted?.(reason);
  }
}

function readsClock(done: number, left: number): boolean {
  return left <= closely || done % clockEvery === 0;
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === "object" && value !== null && "then" in value && typeof value.then === "function";
}
