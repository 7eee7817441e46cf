import { invalid } from "../calls/check.ts";
import { MpiError, messageOf } from "../calls/errors.ts";
import { clearTimeout, performance, setTimeout } from "../calls/event-loop.ts";
import { failed, type Outcome } from "./outcome.ts";
import type { AnyTask, InitializerContext, TaskContext } from "./task.ts";
import { isBuiltIn } from "./task-source.ts";

/** What the tasks of a chunk have in common. */
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
 * Whether a task has a second parameter of its own for the context. `length` does not count parameters with a default, nor
 * rest parameters: they would take the context for a number. Neither does a function of the language want it: `Math.max`.
 */
function wantsContext(work: AnyTask): boolean {
  return work.length >= 2 && !isBuiltIn(work);
}

/** Does tasks on this rank, one after the other, and keeps what lasts from one to the next. */
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

  /** Never throws. A task that is not async gives its outcome at once: ten thousand small ones need no turn each. */
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

  /** The result of the task at work is not wanted any more. */
  cancel(reason: unknown): void {
    this.#current?.abort(reason);
  }
}

export function tookTooLong(timeoutMs: number): MpiError {
  return new MpiError("aborted", `the task took more than ${timeoutMs} ms`);
}

/** Ends with the task, or as soon as its signal aborts: a task that does not listen holds nobody up. */
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

/** One for each task; its signal is made when it is asked for, for an AbortController costs more than a small task. */
class Context implements TaskContext {
  readonly index: number;
  readonly attempt: number;
  readonly rank: number;
  readonly state: unknown;
  /** Called when the result is not wanted any more. */
  aborted: ((reason: unknown) => void) | undefined;
  /** It has ended: aborting comes too late. */
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
