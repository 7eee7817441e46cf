import { invalid } from "../calls/check.ts";
import { MpiError, messageOf } from "../calls/errors.ts";
import { clearTimeout, performance, setTimeout } from "../calls/event-loop.ts";
import { failed, type Outcome } from "./outcome.ts";
import type { AnyTask, InitializerContext, TaskContext } from "./task.ts";
import { isBuiltIn } from "./task-source.ts";

/** How to call the tasks of a chunk. */
export interface TaskSpec {
  readonly task: string;
  /** The input is a list of arguments. */
  readonly spread: boolean;
  readonly timeoutMs: number | undefined;
}

interface Known {
  readonly work: (...args: unknown[]) => unknown;
  readonly wantsContext: boolean;
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
  readonly #rank: number;
  readonly #tasks: ReadonlyMap<string, Known>;
  #state: unknown;
  #current: Context | undefined;

  constructor(rank: number, tasks: ReadonlyMap<string, AnyTask>) {
    this.#rank = rank;
    this.#tasks = new Map(
      Array.from(tasks, ([name, work]) => [name, { work: work as Known["work"], wantsContext: wantsContext(work) }]),
    );
  }

  async prepare(
    initializer: ((context: InitializerContext) => unknown) | undefined,
    signal: AbortSignal,
  ): Promise<void> {
    if (initializer === undefined) return;
    try {
      this.#state = await initializer({ rank: this.#rank, signal });
    } catch (error) {
      throw new MpiError("aborted", `the initializer failed: ${messageOf(error)}`, { cause: error });
    }
  }

  /** Never throws. A synchronous task gives its outcome at once, so that ten thousand small ones need no promise each. */
  do(errand: TaskSpec, input: unknown, index: number, attempt: number): Outcome | Promise<Outcome> {
    const { task, spread, timeoutMs } = errand;
    const known = this.#tasks.get(task);
    if (known === undefined) return failed(invalid(`rank ${this.#rank} has no task ${JSON.stringify(task)}`));
    const context = new Context(index, attempt, this.#rank, this.#state);
    this.#current = context;
    const started = timeoutMs === undefined ? 0 : performance.now();
    try {
      const { work, wantsContext } = known;
      const value = spread ? work(...(input as unknown[])) : wantsContext ? work(input, context) : work(input);
      if (isThenable(value)) return settled(value, context, timeoutMs);
      context.over = true;
      if (timeoutMs !== undefined && performance.now() - started > timeoutMs) return failed(tookTooLong(timeoutMs));
      return { ok: true, value };
    } catch (error) {
      context.over = true;
      return failed(error);
    }
  }

  get atWork(): boolean {
    return this.#current?.over === false;
  }

  /** Aborts the task at work: its result is not wanted any more. */
  cancel(reason: unknown): void {
    this.#current?.abort(reason);
  }
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

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === "object" && value !== null && "then" in value && typeof value.then === "function";
}
