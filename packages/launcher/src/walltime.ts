import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { pbsTool } from "./pbs-tools.ts";

/** Many jobs are over before anybody has to ask the batch system's server, which hundreds of jobs ask too. */
const askAfterMs = 3000;
const answerMs = 10_000;
/** Longer than this setTimeout cannot wait. */
const longestMs = 2_147_483_647;

/** The time that a job may take, and how much of it is left. */
export interface Walltime {
  totalMs: number;
  leftMs: number;
}

/**
 * Calls `warn` some time before the job's walltime is over: 5 % of it, but at least a minute and at most five, and
 * never before half of it has passed. Nothing waits for this, and nothing fails when nobody knows.
 */
export function watchWalltime(warn: (reason: string) => void): void {
  const { PBS_JOBID: job } = process.env;
  if (job === undefined) return;
  const ask = async (): Promise<void> => {
    const walltime = await walltimeOf(job).catch(() => undefined);
    if (walltime === undefined) return;
    const { totalMs, leftMs } = walltime;
    const marginMs = Math.min(Math.max(totalMs / 20, 60_000), 300_000, totalMs / 2);
    const waitMs = Math.max(0, leftMs - marginMs);
    if (waitMs > longestMs) return;
    setTimeout(() => {
      const seconds = Math.round((leftMs - waitMs) / 1000);
      warn(`PBS ends this job in about ${Math.max(0, seconds)} s: its walltime is ${totalMs / 1000} s`);
    }, waitMs).unref();
  };
  setTimeout(() => void ask(), askAfterMs).unref();
}

async function walltimeOf(job: string): Promise<Walltime | undefined> {
  const { stdout } = await promisify(execFile)(pbsTool("qstat"), ["-f", job], { timeout: answerMs });
  return parseWalltime(stdout, Date.now());
}

/** What `qstat -f` tells: the limit, and since when the job runs (OpenPBS) or how many seconds are left (TORQUE). */
export function parseWalltime(text: string, now: number): Walltime | undefined {
  const field = (name: string) => new RegExp(`^\\s*${name} = (.*)$`, "m").exec(text)?.[1]?.trim();
  const limit = field("Resource_List\\.walltime");
  if (limit === undefined) return undefined;
  const totalMs = limit.split(":").reduce((sum, part) => sum * 60 + Number(part), 0) * 1000;
  const left = field("Walltime\\.Remaining");
  const started = Date.parse(field("stime") ?? field("start_time") ?? "");
  const leftMs = left === undefined ? totalMs - (now - started) : Number(left) * 1000;
  return Number.isFinite(leftMs) && Number.isFinite(totalMs) ? { totalMs, leftMs } : undefined;
}
