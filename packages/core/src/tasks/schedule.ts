/** The facts that decide the size of the next chunk. */
export interface Pace {
  /** Ranks that work. */
  ranks: number;
  /** Inputs left to hand out, where their number is known. */
  remaining: number | undefined;
  /** Other runs of the same task with inputs to hand out, each at least one. Default 0. */
  others?: number;
  /** Most inputs that may be under way at once; infinite if all inputs may be. */
  lookAhead: number;
  /** Mean time of a task so far; undefined before the first result. */
  meanMs: number | undefined;
  /**
   * Time of a task on rank 0; undefined if rank 0 does no tasks or waits for one of its own. Otherwise rank 0 could do the
   * remaining inputs. The workers' times would mislead: their first tasks, not yet compiled by V8, take a hundred times as long.
   */
  rootMs: number | undefined;
  /** Rank 0 does tasks itself and cannot hand out meanwhile. False if its tasks return promises. */
  rootBlocks?: boolean;
  /** Time of rank 0 to hand out one input of a large chunk and to take in its result; see {@link HandlingTime}. */
  handlingMs?: number;
  /** Inputs are offered to all ranks at once, so only those to be tried again are handed out. */
  offered?: boolean;
  /** No task of this run has ended. The times are those of earlier runs, whose tasks may have been shorter. */
  fresh?: boolean;
}

/**
 * Longest time of a chunk: at most this long other ranks wait for the last one. A round trip within a host takes 0.1 ms, which is
 * half a percent of it.
 */
const chunkMs = 20;
/** A chunk of less time is not worth its messages. */
const worthMs = 1;
/** What rank 0 can do itself in this time is not worth a message. */
const roundTripMs = 0.3;
/** Time for rank 0 to encode an input and decode its result, at least (half of this once V8 has compiled that). */
const leastHandlingMs = 0.001;
/** A round trip is at most two percent of this. Ranks get no further chunk before they have done one that takes longer. */
const longMs = 5;
/**
 * Work that a rank should have in advance, so that it does not wait for its next chunk. A round trip takes 0.1 ms, but several
 * milliseconds while other programs want the CPU of rank 0. Ranks that are idle get back what is too much.
 */
const aheadMs = 10;
const deepest = 64;

/** Shorter tasks are not offered: between them rank 0 hands out often enough, and a chunk costs less than a claim for each. */
const offeredMs = 0.2;

/**
 * How many tasks are offered to all ranks, where rank 0 does tasks too. While it computes it can hand out nothing, so chunks would
 * have to be as long as its task, and the last of them would wait at a rank that is busy while others are idle.
 * @param room how many may be offered
 */
export function offerSize(meanMs: number | undefined, room: number): number {
  return meanMs === undefined || meanMs >= offeredMs ? room : 0;
}

/** Mean time of each task, by its name, in milliseconds. */
export class MeanTimes {
  readonly #ms: Map<string, number> = new Map();

  of(task: string): number | undefined {
    return this.#ms.get(task);
  }

  /**
   * `tasks` tasks took `ms` together. Recent tasks count more: the very first takes a hundred times as long as the next thousand,
   * while V8 compiles it. A time that grows counts at once.
   */
  add(task: string, ms: number, tasks: number): void {
    const mean = ms / tasks;
    const before = this.#ms.get(task) ?? mean;
    this.#ms.set(task, Math.max(mean, mean + 0.7 ** tasks * (before - mean)));
  }
}

/**
 * Time of rank 0 for each task that another rank does: to encode the input and to decode the result. Rank 0 does smaller tasks
 * itself. In V8's interpreter it takes several times as long as later, so it is measured, and a time that was measured counts less
 * and less: else rank 0 would hand out nothing any more, and never learn that it has become quicker.
 */
export class HandlingTime {
  #ms: number = leastHandlingMs;

  get ms(): number {
    return this.#ms;
  }

  /** So many tasks were handed out together, or their results taken in. In small chunks the message itself takes most of the time. */
  took(ms: number, tasks: number): void {
    if (tasks >= 16) this.#ms = Math.min(Math.max(leastHandlingMs, ms / tasks), 10 * leastHandlingMs);
  }

  /** Rank 0 has worked for a turn. */
  ages(): void {
    this.#ms = Math.max(leastHandlingMs, 0.9 * this.#ms);
  }
}

/** Longest interruption by the operating system's scheduler: a rank gets its CPU back after a few time slices. */
const interruptionMs = 10;

/**
 * Time of each task on one rank, by its name, in milliseconds: the least of the last three measurements. One of them may have been
 * interrupted and taken ten times as long. If an interruption does not explain a time, the tasks have grown.
 */
export class LeastTimes {
  readonly #recent: Map<string, readonly number[]> = new Map();

  of(task: string): number | undefined {
    const recent = this.#recent.get(task);
    return recent && Math.min(...recent);
  }

  /** `tasks` tasks took `ms` together. */
  add(task: string, ms: number, tasks: number): void {
    const before = ms > interruptionMs ? [] : (this.#recent.get(task) ?? []);
    this.#recent.set(task, [ms / tasks, ...before].slice(0, 3));
  }
}

/**
 * How many inputs go into the next chunk: guided self-scheduling (Polychronopoulos and Kuck, 1987). The factor of 4 shares an
 * expensive stretch of inputs among ranks. By the times of tasks so far a chunk takes between {@link worthMs} and {@link chunkMs}.
 * A single input as long as no time is known.
 */
export function chunkSize({ ranks, remaining, lookAhead, meanMs, fresh = false }: Pace): number {
  if (meanMs === undefined) return 1;
  const most = Math.min(remaining ?? lookAhead, lookAhead);
  const guided = Math.ceil(most / (4 * ranks));
  const fair = Math.ceil(most / ranks);
  const [least, timely] = meanMs > 0 ? [Math.ceil(worthMs / meanMs), Math.floor(chunkMs / meanMs)] : [fair, fair];
  return Math.max(1, Math.min(Math.max(guided, fresh ? 1 : least), timely, fair));
}

/**
 * How many chunks of `size` inputs a rank may hold: the one at work, and more while chunks are so short that a round trip is worth
 * hiding. None in advance
 * - before the time of a task is known, because the next input could be long;
 * - while tasks are long, because a round trip is nothing beside them. But if rank 0 computes, a rank needs as much as will keep it
 *   busy until rank 0 can hand out again. In simulated time over random lists the factor of 2 was the best;
 * - near the end, because it could wait behind a long chunk while other ranks are idle.
 * @param leftMs predicted time until the rank has done what it holds
 */
export function depth(size: number, leftMs: number, pace: Pace): number {
  const { ranks, remaining, others = 0, meanMs, rootMs, rootBlocks = false, handlingMs = leastHandlingMs } = pace;
  if (rootMs !== undefined) {
    if (rootMs < handlingMs || (remaining !== undefined && remaining * rootMs < roundTripMs)) return 0;
  }
  if (meanMs === undefined) return 1;
  const chunk = meanMs * size;
  const left = remaining === undefined ? Number.POSITIVE_INFINITY : remaining + others;
  if (rootBlocks && meanMs > worthMs) return left > 1 && leftMs < 2 * chunk ? 3 : 1;
  if (meanMs > longMs || left <= 2 * ranks * size) return 1;
  return Math.max(2, Math.min(deepest, 1 + Math.floor(aheadMs / Math.max(chunk, aheadMs / deepest))));
}

/**
 * How many inputs a rank may hold when it gets a chunk in advance: a part of those left, as for a single chunk. Else the chunks in
 * advance would be the whole rest of a short list. At least one in advance while rank 0 computes.
 */
export function mostHeld({ ranks, remaining, others = 0, lookAhead, rootBlocks = false }: Pace): number {
  return (rootBlocks ? 1 : 0) + Math.ceil((Math.min(remaining ?? lookAhead, lookAhead) + others) / (2 * ranks));
}
