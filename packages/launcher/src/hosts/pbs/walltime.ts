import { durationMs } from "../../command/option-values.ts";
import type { Walltime, WalltimeSource } from "../scheduler.ts";
import { qstat } from "./status.ts";

const answerMs = 10_000;

export const walltime: WalltimeSource = {
  async ask() {
    const { PBS_JOBID: job } = process.env;
    return job === undefined ? undefined : parseWalltime(await qstat(job, answerMs, "it tells the walltime"));
  },
};

/**
 * Reads the limit, and how much of it is used (OpenPBS; hosts report that now and then, so it is up to two minutes late)
 * or left (TORQUE). Times of the server's clock are of no use: the clock of this host may differ by hours.
 */
export function parseWalltime(text: string): Walltime | undefined {
  const field = (name: string) => new RegExp(`^\\s*${name} = ([\\d:]+)\\s*$`, "m").exec(text)?.[1];
  const [limit, used, left] = ["Resource_List\\.walltime", "resources_used\\.walltime", "Walltime\\.Remaining"].map(
    field,
  );
  if (limit === undefined) return undefined;
  return {
    totalMs: durationMs(limit),
    ...(used === undefined ? {} : { usedMs: durationMs(used) }),
    ...(left === undefined ? {} : { leftMs: durationMs(left) }),
  };
}
