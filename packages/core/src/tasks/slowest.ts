import type { RunningTask } from "../wire/progress.ts";
import type { Place } from "./item.ts";

/** So many tasks are shown: a straggler, and whether it has company. */
const shown = 3;

/** A task at work. `since` is on the clock of `performance.now()`. */
export interface AtWork {
  readonly task: string;
  readonly index: number;
  readonly since: number;
}

/** The tasks that have been at work longest, the longest first. */
export function slowest(tasks: readonly (AtWork & Place)[], now: number): RunningTask[] {
  return tasks
    .toSorted((a, b) => a.since - b.since)
    .slice(0, shown)
    .map(({ task, index, rank, host, since }) => ({ task, index, rank, host, ms: Math.max(0, now - since) }));
}
