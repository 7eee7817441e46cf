import { setTimeout as sleep } from "node:timers/promises";
import { durationMs } from "../../command/option-values.ts";
import { reasonOf } from "../../errors/launch-error.ts";
import { processAgeMs, processStat } from "../../system/process-stat.ts";
import { qstat } from "./status.ts";

/** Many jobs are over before anybody has to ask the batch system's server, which hundreds of jobs ask too. */
const askAfterMs = 3000;
const answerMs = 10_000;
/** A server that does not answer is asked so often in a row, with so much time between. */
const mostAttempts = 3;
const retryMs = 30_000;
/** Above this, the server is asked again when half of the time is over: ten questions for a job of a week. */
const longWaitMs = 600_000;
/** Longer than this setTimeout cannot wait. */
const longestMs = 2_147_483_647;
/** A process that has run nothing for two of these was stopped, as by `qsig -s suspend`: PBS does not count that time. */
const tickMs = 2000;

/** What `qstat -f` tells about the time of a job. */
export interface Walltime {
  totalMs: number;
  /** What PBS has counted so far. Late by up to two minutes, as the hosts report it now and then; missing at first. */
  usedMs?: number;
  /** What is left by the server's own count (TORQUE). */
  leftMs?: number;
}

interface Watch {
  /** `--walltime`, counted from the start of this process; undefined: PBS is asked. */
  givenMs: number | undefined;
  warn(reason: string): void;
  log(text: string): void;
}

/**
 * Calls `warn` some time before the job's walltime is over: 5 % of it, but at least a minute and at most five, and
 * never before half of it has passed. It never warns on an old answer, for `qalter` may have changed the limit. Nothing
 * waits for this, and nothing fails when nobody knows.
 */
export async function watchWalltime({ givenMs, warn, log }: Watch): Promise<void> {
  const { PBS_JOBID: job } = process.env;
  const ran = timeRun();
  if (givenMs !== undefined) {
    const leftMs = (): number => givenMs - ran.processMs();
    while (leftMs() > marginOf(givenMs)) await pause(leftMs() - marginOf(givenMs));
    warn(sentence("this job ends", leftMs(), givenMs));
    return;
  }
  if (job === undefined) return;
  let known: { totalMs: number; endsAt: number } | undefined;
  let failures = 0;
  await pause(askAfterMs);
  for (;;) {
    try {
      const walltime = await walltimeOf(job);
      if (walltime === undefined) return log("PBS knows no walltime of this job");
      known = { totalMs: walltime.totalMs, endsAt: ran.jobMs() + remainingMs(walltime, ran.jobMs()) };
      failures = 0;
    } catch (error) {
      failures++;
      log(`the walltime is not known: ${reasonOf(error)}`);
    }
    const givesUp = failures >= mostAttempts;
    if (known === undefined) {
      if (givesUp) return log(unknownWalltime);
      await pause(retryMs);
      continue;
    }
    const leftMs = known.endsAt - ran.jobMs();
    const marginMs = marginOf(known.totalMs);
    const waitMs = leftMs - marginMs;
    const isOld = failures > 0 ? ", by an old answer: PBS does not answer now" : "";
    if (waitMs <= 0 && (failures === 0 || givesUp))
      return warn(`${sentence("PBS ends this job", leftMs, known.totalMs)}${isOld}`);
    if (failures > 0 && !givesUp) await pause(Math.min(retryMs, marginMs / (mostAttempts + 1)));
    else await pause(waitMs > longWaitMs ? waitMs / 2 : waitMs);
  }
}

/** What `--verbose` and the doctor say when PBS cannot be asked. */
export const unknownWalltime =
  "world.signal does not tell before the walltime is over, unless --walltime 01:00:00 says what it is";

/**
 * How much of a job's walltime is left, when this host has seen it run for so long. A session that is older than the job
 * may become is not the job's.
 */
export function remainingMs({ totalMs, usedMs, leftMs }: Walltime, ranMs: number): number {
  return leftMs ?? totalMs - Math.max(usedMs ?? 0, ranMs < totalMs ? ranMs : 0);
}

/** @throws LaunchError when `qstat` does not answer, with the reason. */
export async function walltimeOf(job: string): Promise<Walltime | undefined> {
  return parseWalltime(await qstat(job, answerMs, "it tells the walltime"));
}

/**
 * Times of the server's clock are of no use: this host's may differ by hours. The server tells the limit, and how much of
 * it is used (OpenPBS) or left (TORQUE).
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

function marginOf(totalMs: number): number {
  return Math.min(Math.max(totalMs / 20, 60_000), 300_000, totalMs / 2);
}

function sentence(what: string, leftMs: number, totalMs: number): string {
  return `${what} in about ${Math.max(0, Math.round(leftMs / 1000))} s: its walltime is ${totalMs / 1000} s`;
}

function pause(ms: number): Promise<void> {
  return sleep(Math.min(Math.max(ms, 0), longestMs), undefined, { ref: false });
}

/**
 * How long this process, and the job, have run by this host's own count: the session of a job script begins with the job.
 * That of a pbsdsh task begins later, and PBS's count is the larger one then.
 */
function timeRun(): { processMs(): number; jobMs(): number } {
  let stoppedMs = 0;
  let tickedAt = performance.now();
  setInterval(() => {
    const gapMs = performance.now() - tickedAt;
    if (gapMs > 2 * tickMs) stoppedMs += gapMs - tickMs;
    tickedAt += gapMs;
  }, tickMs).unref();
  const beforeMs = Math.max(0, (processAgeMs(processStat("self")?.session ?? 0) ?? 0) - performance.now());
  return {
    processMs: () => performance.now() - stoppedMs,
    jobMs: () => beforeMs + performance.now() - stoppedMs,
  };
}
