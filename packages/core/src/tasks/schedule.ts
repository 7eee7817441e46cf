/** What is known when the size of the next chunk is decided. */
export interface Pace {
  /** Ranks that work. */
  ranks: number;
  /** Inputs that are still to be handed out, where that is known. */
  remaining: number | undefined;
  /** Other jobs of the same task that have inputs to hand out: at least as many inputs more. Default 0. */
  others?: number;
  /** Most inputs that may be under way at once. */
  lookAhead: number;
  /** What a task has taken so far, in milliseconds; undefined before the first result. */
  meanMs: number | undefined;
  /**
   * What a task takes rank 0 itself, in milliseconds, where it works too and is not waiting for one of its own: it will do
   * whatever is left. Not the others' times: their first tasks, which V8 has yet to compile, take a hundred times as long.
   */
  rootMs: number | undefined;
}

/**
 * No chunk should take longer: the loss when it turns out to be an unlucky one. A round trip within a host is 0.1 ms, half
 * a percent of it.
 */
const chunkMs = 20;
/** Less is not worth its messages, and what rank 0 itself does in the time of a round trip is not worth any. */
const worthMs = 1;
const roundTripMs = 0.3;
/**
 * What rank 0 spends on encoding an input and decoding its result, half of it once V8 has compiled that: smaller tasks it
 * does itself.
 */
const handlingMs = 0.001;
/** Work that a rank should have before it, so that it does not wait for its next chunk. */
const aheadMs = 2;
const deepest = 64;

/** What a task takes, by its name: so far, in milliseconds. */
export class MeanTimes {
  readonly #ms: Map<string, number> = new Map();

  of(task: string): number | undefined {
    return this.#ms.get(task);
  }

  /**
   * So many took so long together. Recent ones count more, each of them: the very first takes a hundred times as long as the
   * thousand after it, while V8 compiles it. And time that grows counts at once.
   */
  add(task: string, ms: number, tasks: number): void {
    const mean = ms / tasks;
    const before = this.#ms.get(task) ?? mean;
    this.#ms.set(task, Math.max(mean, mean + 0.7 ** tasks * (before - mean)));
  }
}

/** A rank gets its CPU back after some slices of the scheduler: whatever took longer was not for an interruption. */
const interruptionMs = 10;

/**
 * What a task takes one rank, by its name: the least of what the last three handfuls took, in milliseconds. Any of them may
 * have been interrupted, and taken ten times as long; but where that does not explain it the tasks have grown.
 */
export class LeastTimes {
  readonly #recent: Map<string, readonly number[]> = new Map();

  of(task: string): number | undefined {
    const recent = this.#recent.get(task);
    return recent && Math.min(...recent);
  }

  /** So many took so long together. */
  add(task: string, ms: number, tasks: number): void {
    const before = ms > interruptionMs ? [] : (this.#recent.get(task) ?? []);
    this.#recent.set(task, [ms / tasks, ...before].slice(0, 3));
  }
}

/**
 * How many inputs go into the next chunk: guided self-scheduling (Polychronopoulos and Kuck, 1987) with a factor of 4, so
 * that an expensive stretch of inputs is shared whoever meets it; within {@link worthMs} and {@link chunkMs} by what tasks
 * have taken; and a single one as long as nobody knows that.
 */
export function chunkSize({ ranks, remaining, lookAhead, meanMs }: Pace): number {
  if (meanMs === undefined) return 1;
  const most = remaining ?? lookAhead;
  const guided = Math.ceil(most / (4 * ranks));
  const fair = Math.ceil(most / ranks);
  const [least, timely] = meanMs > 0 ? [Math.ceil(worthMs / meanMs), Math.floor(chunkMs / meanMs)] : [fair, fair];
  return Math.max(1, Math.min(Math.max(guided, least), timely, fair));
}

/**
 * How many chunks of `size` inputs a rank may have: the one at work and one that hides the latency of the next; more while
 * they are short. Towards the end none in advance, or one would wait behind a long one while other ranks are idle.
 */
export function depth(size: number, { ranks, remaining, others = 0, meanMs, rootMs }: Pace): number {
  if (rootMs !== undefined) {
    if (rootMs < handlingMs || (remaining !== undefined && remaining * rootMs < roundTripMs)) return 0;
  }
  const chunk = meanMs === undefined ? Number.POSITIVE_INFINITY : meanMs * size;
  if (remaining !== undefined && remaining + others <= 2 * ranks * size) return 1;
  return Math.max(2, Math.min(deepest, 1 + Math.floor(aheadMs / Math.max(chunk, aheadMs / deepest))));
}
