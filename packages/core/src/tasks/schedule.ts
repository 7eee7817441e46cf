/** What is known when the size of the next chunk is decided. */
export interface Pace {
  /** Ranks that work. */
  ranks: number;
  /** Inputs that are still to be handed out, where that is known. */
  remaining: number | undefined;
  /** Most inputs that may be under way at once. */
  lookAhead: number;
  /** What a task has taken so far, in milliseconds; undefined before the first result. */
  meanMs: number | undefined;
}

/**
 * No chunk should take longer: the loss when it turns out to be an unlucky one. A round trip within a host is 0.1 ms, half
 * a percent of it.
 */
const chunkMs = 20;
/** Work that a rank should have before it, so that it does not wait for its next chunk. */
const aheadMs = 2;
const deepest = 64;

/**
 * How many inputs go into the next chunk: guided self-scheduling (Polychronopoulos and Kuck, 1987) with a factor of 4, so
 * that an expensive stretch of inputs is shared whoever meets it; never longer than {@link chunkMs} by what tasks have taken;
 * and a single one as long as nobody knows that.
 */
export function chunkSize({ ranks, remaining, lookAhead, meanMs }: Pace): number {
  if (meanMs === undefined) return 1;
  const share = Math.ceil(Math.min(remaining ?? lookAhead, lookAhead) / (4 * ranks));
  const timely = meanMs > 0 ? Math.floor(chunkMs / meanMs) : share;
  return Math.max(1, Math.min(share, timely));
}

/**
 * How many chunks of `size` inputs a rank may have: the one at work and one that hides the latency of the next; more while
 * they are short. Towards the end none in advance, or one would wait behind a long one while other ranks are idle.
 */
export function depth(size: number, { ranks, remaining, meanMs }: Pace): number {
  const chunk = meanMs === undefined ? Number.POSITIVE_INFINITY : meanMs * size;
  if (remaining !== undefined && remaining <= 2 * ranks && chunk > aheadMs) return 1;
  return Math.max(2, Math.min(deepest, 1 + Math.floor(aheadMs / Math.max(chunk, aheadMs / deepest))));
}

/** The static schedule: where each rank's block of `total` inputs begins and ends. Lengths differ by one at most. */
export function blocks(total: number, ranks: number): { from: number; to: number }[] {
  return Array.from({ length: ranks }, (_, i) => ({
    from: Math.floor((i * total) / ranks),
    to: Math.floor(((i + 1) * total) / ranks),
  }));
}
