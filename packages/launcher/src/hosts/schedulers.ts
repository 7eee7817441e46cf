import { lsf } from "./lsf/scheduler.ts";
import { pbs } from "./pbs/scheduler.ts";
import type { Scheduler } from "./scheduler.ts";
import { sge } from "./sge/scheduler.ts";
import { slurm } from "./slurm/scheduler.ts";

/** In the order of asking. A new scheduler is a folder and an entry here. */
export const schedulers: readonly Scheduler[] = [pbs, slurm, lsf, sge];

/** The scheduler in whose job this process runs. */
export function schedulerHere(): Scheduler | undefined {
  return schedulers.find((each) => each.isHere());
}
