import { durationMs } from "../../command/option-values.ts";
import { LaunchError } from "../../errors/launch-error.ts";
import type { Walltime, WalltimeSource } from "../scheduler.ts";
import { answerOf } from "../tools.ts";
import { slurmTool } from "./tools.ts";

const answerMs = 10_000;
const dayMs = 86_400_000;

export const walltime: WalltimeSource = {
  async ask() {
    const { SLURM_JOB_ID: job } = process.env;
    if (job === undefined) return undefined;
    const squeue = slurmTool("squeue", "it tells the time limit");
    return parseTimes(await answerOf(squeue, ["-h", "-j", job, "-o", "%i|%l|%L"], answerMs), job);
  },
};

/**
 * `17|1:10:00|1:09:59`: the limit, and what is left by Slurm's own count, which stops while the job is suspended. Undefined for
 * UNLIMITED. `-j` gives all components of a heterogeneous job, which end together; the first line has the leader.
 *
 * @throws LaunchError when it is no such line.
 */
export function parseTimes(text: string, job: string): Walltime | undefined {
  const [line = ""] = text.trim().split("\n");
  const [, limit, left] = line.split("|").map((word) => word.trim());
  if (limit === "UNLIMITED") return undefined;
  const [totalMs, leftMs] = [limit, left].map(slurmMs);
  if (totalMs === undefined || leftMs === undefined)
    throw new LaunchError(`squeue does not tell the time limit of job ${job}: ${line || "no answer"}`);
  return { totalMs, leftMs };
}

/** `1-02:03:04`, `02:03:04` or `03:04`, in milliseconds; undefined for others (INVALID, NOT_SET). */
function slurmMs(text = ""): number | undefined {
  const [, days = 0, clock] = /^(?:(\d+)-)?((?:\d+:)?\d+:\d+)$/.exec(text) ?? [];
  return clock === undefined ? undefined : Number(days) * dayMs + durationMs(clock);
}
