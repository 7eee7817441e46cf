import { setTimeout as sleep } from "node:timers/promises";
import { reasonOf } from "../errors/launch-error.ts";
import { processAgeMs, processStat } from "../system/process-stat.ts";
import type { Scheduler, Walltime } from "./scheduler.ts";
import { schedulerHere } from "./schedulers.ts";

/** Many jobs are over before the scheduler's server has to be asked. Hundreds of jobs ask the same server. */
const askAfterMs = 3000;
/** A server that does not answer is asked this often in a row, with this much time between. */
const mostAttempts = 3;
const retryMs = 30_000;
/** Above this, the server is asked again when half of the time is over: ten questions for a job of a week. */
const longWaitMs = 600_000;
/** setTimeout cannot wait longer than this. */
const longestMs = 2_147_483_647;
/** A process that has run nothing for two of these was suspended with its job: a scheduler does not count that time. */
const tickMs = 2000;

interface Watch {
  /** `--walltime`, counted from the start of this process; undefined: the scheduler is asked. */
  givenMs: number | undefined;
  warn(reason: string): void;
  log(text: string): void;
}

/**
 * Calls `warn` some time before the job's walltime is over: 5 % of it, but at least a minute and at most five, and never
 * before half of it has passed. Best effort: a walltime that is not known is no error.
 */
export async function watchWalltime(watch: Watch): Promise<void> {
  const ran = timeRun();
  const scheduler = schedulerHere();
  if (watch.givenMs !== undefined) await watchGiven(watch.givenMs, ran, watch);
  else if (scheduler !== undefined) await new ServerWatch(scheduler, ran, watch).end();
}

async function watchGiven(givenMs: number, ran: TimeRun, { warn }: Watch): Promise<void> {
  const leftMs = (): number => givenMs - ran.processMs();
  while (leftMs() > marginOf(givenMs)) await pause(leftMs() - marginOf(givenMs));
  warn(sentence("this job ends", leftMs(), givenMs));
}

/** Asks the scheduler until the job's end is near. Asks once more before it warns, because the limit may be changed (`qalter`). */
class ServerWatch {
  readonly #scheduler: Scheduler;
  readonly #ran: TimeRun;
  readonly #watch: Watch;
  /** The last answer, with the end of the job by this host's clock. */
  #known: { totalMs: number; endsAt: number } | undefined;
  /** Questions in a row that were not answered. */
  #failures = 0;

  constructor(scheduler: Scheduler, ran: TimeRun, watch: Watch) {
    this.#scheduler = scheduler;
    this.#ran = ran;
    this.#watch = watch;
  }

  async end(): Promise<void> {
    await pause(askAfterMs);
    while (await this.#ask()) {
      const waitMs = this.#known === undefined ? this.#waitUnknown() : this.#waitKnown(this.#known);
      if (waitMs === undefined) return;
      await pause(waitMs);
    }
  }

  /** False when the job has no limit. */
  async #ask(): Promise<boolean> {
    const { log } = this.#watch;
    try {
      const walltime = await this.#scheduler.walltime.ask();
      if (walltime === undefined) {
        log(`${this.#scheduler.name} knows no walltime of this job`);
        return false;
      }
      const ranMs = this.#ran.jobMs();
      this.#known = { totalMs: walltime.totalMs, endsAt: ranMs + remainingMs(walltime, ranMs) };
      this.#failures = 0;
    } catch (error) {
      this.#failures++;
      log(`the walltime is not known: ${reasonOf(error)}`);
    }
    return true;
  }

  get #givesUp(): boolean {
    return this.#failures >= mostAttempts;
  }

  /** How long to wait before the next question; undefined when there is none. */
  #waitUnknown(): number | undefined {
    if (!this.#givesUp) return retryMs;
    this.#watch.log(unknownWalltime);
    return undefined;
  }

  /** The same; warns when the time has come. */
  #waitKnown({ totalMs, endsAt }: { totalMs: number; endsAt: number }): number | undefined {
    const leftMs = endsAt - this.#ran.jobMs();
    const marginMs = marginOf(totalMs);
    const waitMs = leftMs - marginMs;
    const answered = this.#failures === 0;
    if (waitMs <= 0 && (answered || this.#givesUp)) {
      const { name } = this.#scheduler;
      const old = answered ? "" : `, by an old answer: ${name} does not answer now`;
      this.#watch.warn(`${sentence(`${name} ends this job`, leftMs, totalMs)}${old}`);
      return undefined;
    }
    if (!answered && !this.#givesUp) return Math.min(retryMs, marginMs / (mostAttempts + 1));
    return waitMs > longWaitMs ? waitMs / 2 : waitMs;
  }
}

const unknownWalltime =
  "world.signal does not tell before the walltime is over, unless --walltime 01:00:00 says what it is";

/** For `tsmpi doctor`: why `world.signal` cannot tell that the job's time is nearly up; undefined when it can. */
export async function walltimeObstacle(givenMs: number | undefined): Promise<string | undefined> {
  if (givenMs !== undefined) return undefined;
  try {
    await schedulerHere()?.walltime.ask();
    return undefined;
  } catch (error) {
    return `${reasonOf(error)}; ${unknownWalltime}`;
  }
}

/**
 * How much of a job's walltime is left, when this host has seen the job run for `ranMs`. A session that is older than the
 * job may become is not the job's.
 */
export function remainingMs({ totalMs, usedMs, leftMs }: Walltime, ranMs: number): number {
  return leftMs ?? totalMs - Math.max(usedMs ?? 0, ranMs < totalMs ? ranMs : 0);
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

interface TimeRun {
  processMs(): number;
  jobMs(): number;
}

/**
 * How long this process, and the job, have run by this host's own count. The session of a job script begins with the job.
 * That of a further task begins later; then the scheduler's count is the larger one.
 */
function timeRun(): TimeRun {
  let suspendedMs = 0;
  let tickedAt = performance.now();
  setInterval(() => {
    const gapMs = performance.now() - tickedAt;
    if (gapMs > 2 * tickMs) suspendedMs += gapMs - tickMs;
    tickedAt += gapMs;
  }, tickMs).unref();
  const beforeMs = Math.max(0, (processAgeMs(processStat("self")?.session ?? 0) ?? 0) - performance.now());
  return {
    processMs: () => performance.now() - suspendedMs,
    jobMs: () => beforeMs + performance.now() - suspendedMs,
  };
}
