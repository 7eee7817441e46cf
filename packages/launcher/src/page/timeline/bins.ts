import type { Timeline } from "../../performance/report-data.ts";
import type { Kind } from "./segments.ts";

/** How a rank spent a range of time; the shares add up to 1. */
export type Shares = Record<Kind, number>;

const fields = 4;

/** Averages the bins of a rank that touch a range. Undefined: the rank was not there, or there are no bins. */
export function sharesOf({ bins, binMs }: Timeline, rank: number, from: number, to: number): Shares | undefined {
  const flat = bins[rank] ?? [];
  const first = Math.max(0, Math.floor(from / binMs));
  const last = Math.min(flat.length / fields, Math.max(first + 1, Math.ceil(to / binMs)));
  const sums = [0, 0, 0, 0];
  let there = 0;
  for (let bin = first; bin < last; bin++) {
    if (flat[bin * fields]! < 0) continue;
    there++;
    for (let i = 0; i < fields; i++) sums[i]! += flat[bin * fields + i]! / 100;
  }
  if (there === 0) return undefined;
  const [message, collective, map, task] = sums.map((sum) => sum / there) as [number, number, number, number];
  return { message, collective, map, task, computing: Math.max(0, 1 - message - collective - map - task) };
}
