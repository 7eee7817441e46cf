import type { Analysis } from "./analysis.ts";
import type { Advice } from "./report-data.ts";

/** Advice, and what could be saved if it were followed: time of ranks, in ms. */
export interface Candidate {
  costMs: number;
  advice: Advice;
}

/** Below so much of the ranks' time, and of a rank's time in ms, nothing is worth a word. */
const leastShare = 0.05;
const leastMs = 20;

/** Whether a loss of so much time of ranks is worth a word. */
export function matters({ rankTimeMs, recording }: Analysis, costMs: number): boolean {
  return costMs >= leastShare * rankTimeMs && costMs >= leastMs * recording.ranks.length;
}

/** The sums of `of` by key. */
export function totals<T, K>(items: readonly T[], keyOf: (item: T) => K, of: (item: T) => number): Map<K, number> {
  const found = new Map<K, number>();
  for (const item of items) found.set(keyOf(item), (found.get(keyOf(item)) ?? 0) + of(item));
  return found;
}

/** The entry with the most; undefined of an empty map. */
export function greatest<K>(of: ReadonlyMap<K, number>): [K, number] | undefined {
  let most: [K, number] | undefined;
  for (const entry of of) if (most === undefined || entry[1] > most[1]) most = entry;
  return most;
}
