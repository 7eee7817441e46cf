import type { CallOptions } from "../calls/options.ts";
import type { Progress } from "../wire/progress.ts";

/** The second argument of a task. */
export interface TaskContext<S = unknown> {
  /** Position of the input among the inputs, from 0. */
  readonly index: number;
  /** 1 the first time; more after a failure (`retries`) or the loss of a rank. */
  readonly attempt: number;
  /** The rank that works. */
  readonly rank: number;
  /** What this rank's `initializer` returned; tasks may change it, and the next one finds it so. */
  readonly state: S;
  /** Aborts when the result is no longer wanted: cancelled, out of time, another task failed. */
  readonly signal: AbortSignal;
}

/**
 * A function from an input to a result. What it returns is copied as if it had travelled, on every rank. It gets the context
 * if it declares a second parameter, without a default; a rest parameter gets the input alone.
 */
export type TaskFunction<I, R, S = unknown> = (input: I, context: TaskContext<S>) => R | Promise<R>;

/** Any task: of one input and the context, or of several arguments (`starmap`). */
export type AnyTask = (...args: never[]) => unknown;

/** The inputs of a map. They are pulled one by one as they are needed. */
export type MapInputs<I> = Iterable<I> | AsyncIterable<I>;

/** The inputs, or a function that makes them and is called at rank 0 alone. */
export type RootMapInputs<I> = MapInputs<I> | (() => MapInputs<I> | Promise<MapInputs<I>>);

/** The argument of an `initializer`. */
export interface InitializerContext {
  /** The rank that prepares. */
  readonly rank: number;
  /** Aborts when the job is being stopped. */
  readonly signal: AbortSignal;
}

/** Options of `map` and `pool`: how each rank prepares. */
export interface InitializerOptions<S = unknown> {
  /**
   * Called once on every rank that works, before its first task; what it returns is the `state` that tasks find. When it
   * fails, the whole call fails at once, on every rank.
   *
   * An initializer that takes the context says so in full, or TypeScript cannot infer the state from it:
   * `initializer: ({ rank }: InitializerContext) => open(rank)`.
   */
  initializer?: ((context: InitializerContext) => S | Promise<S>) | undefined;
}

/** Options of `map` and `pool`: how much each rank does at once. */
export interface ConcurrencyOptions {
  /**
   * How many async tasks a rank does at once; default 1. For tasks that wait for something else than this rank: a download, a
   * program, a disk. It has no effect on tasks that return no promise, because they keep the rank busy: one that
   * computes delays those beside it, and their time limits run on. Not with `schedule: "static"`.
   *
   * ```ts
   * const pages = await world.map(async (url: string) => (await fetch(url)).text(), urls, { concurrency: 8 });
   * ```
   */
  concurrency?: number | undefined;
}

/** Options of one task. */
export interface TaskOptions extends CallOptions {
  /**
   * Longest time for one task, in milliseconds; default none. The task's signal aborts and it has failed. A task that
   * never returns to the event loop is given up after another second; its rank gets no more work before it comes back.
   * Under `tsmpi run --keep-going` a rank that has not come back after five seconds is ended. When no rank has come back after five seconds, the calls that wait for one fail. Rank 0 cannot give up a task of its own
   * that never returns: `rootWorks: false` or a pool can.
   */
  timeoutMs?: number | undefined;
  /** How often a task that failed is tried again, on whatever rank is free; default 0. Or when, and after which errors. */
  retries?: number | RetryOptions | undefined;
  /**
   * File to which finished results are written as they come, and whose inputs a rerun skips. It belongs to one list of
   * inputs, one key and the source of one task; anything else is refused, and so is a second job that uses it at the same
   * time. Rank 0 alone needs to see it. A string is the file.
   *
   * Calls of `workers.run` know their input by its value, whatever their order. They share the file until the pool ends. Where
   * the same input was done three times, a rerun has three results of it.
   */
  journal?: string | JournalOptions | undefined;
}

/**
 * When a task that failed is tried again.
 *
 * ```ts
 * const pages = await world.map(download, urls, { retries: { times: 3, delayMs: 1000, only: (error) => error instanceof TypeError } });
 * ```
 */
export interface RetryOptions {
  /** How often. */
  times: number;
  /** How long to wait before, in milliseconds; default 0. Ranks do other tasks meanwhile. */
  delayMs?: number | undefined;
  /** Whether to try again after this error; default: after each. It is called at rank 0. What it throws, the call throws. */
  only?: ((error: unknown) => boolean) | undefined;
}

/**
 * Where results are kept, and what they depend on besides the input and the task's source.
 *
 * ```ts
 * const rows = await world.map(simulate, parameters, { journal: { file: "sweep.journal", key: { steps, mesh } } });
 * ```
 */
export interface JournalOptions {
  /** The file's name. `<file>.lock` beside it names the job that uses it. */
  file: string;
  /**
   * All else that results depend on: values of variables outside of the task, versions of functions that it calls. Any
   * value that can travel; a journal with another key is refused. Default: undefined.
   */
  key?: unknown;
}

/** Options of a call that hands out a list of inputs. */
export interface ImapOptions extends TaskOptions {
  /**
   * `"dynamic"` (default): ranks get the next chunk when they become free. `"static"`: each gets one block of equal
   * length at the start, for equal work and no messages in between; lazy inputs are read to their end before.
   */
  schedule?: "dynamic" | "static" | undefined;
  /** Inputs that travel together. Default: guided, from the inputs left and the time that tasks take. */
  chunkSize?: number | undefined;
  /**
   * Most inputs whose results nobody has taken yet; default 64 for each task that can be at work at once. For `map` this bounds iterators alone: arrays are
   * there, and so will be all results.
   */
  lookAhead?: number | undefined;
  /** `true` shows progress, a function gets it: at most ten times a second, and at the end. */
  progress?: boolean | ((progress: Progress) => void) | undefined;
}

/** Options of a call that gives results one by one. */
export interface SettledOptions {
  /** true: each result says how it went, as in `Promise.allSettled`, and the call goes on after a failure. Default false. */
  settled?: boolean | undefined;
}

/** Options of a call that gives all results at once. */
export interface PoolMapOptions extends ImapOptions {
  /** false: failures do not end the call, and each result says how it went, as `Promise.allSettled` does. Default true. */
  stopOnError?: boolean | undefined;
  /**
   * How long the task of an input takes, in any unit: those that take longest are begun first, so that no long one is left for
   * the end. Iterators are read to their end before.
   */
  weight?: ((input: never) => number) | undefined;
}

/** Options of `world.map`. */
export interface MapOptions<S = unknown> extends PoolMapOptions, InitializerOptions<S>, ConcurrencyOptions {
  /** Whether rank 0 does tasks too; default true. While one of its own keeps it busy it cannot hand out others. */
  rootWorks?: boolean | undefined;
}

/** Options of `world.imap` and `world.imapUnordered`. */
export interface WorldImapOptions<S = unknown>
  extends ImapOptions,
    SettledOptions,
    InitializerOptions<S>,
    ConcurrencyOptions {
  /** Whether rank 0 does tasks too, beside the loop that takes the results; default false. A task that computes keeps the loop waiting. */
  rootWorks?: boolean | undefined;
}
