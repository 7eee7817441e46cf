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
