import { invalid, show } from "../calls/check.ts";
import type { Progress } from "../wire/progress.ts";
import type { JournalOptions, PoolMapOptions, RetryOptions } from "./task.ts";

/** Options of a map with their defaults, checked. */
export interface MapSettings {
  readonly schedule: "dynamic" | "static";
  /** Undefined: guided self-scheduling. */
  readonly chunkSize: number | undefined;
  readonly lookAhead: number;
  readonly stopOnError: boolean;
  readonly timeoutMs: number | undefined;
  readonly retries: Required<Omit<RetryOptions, "only">> & Pick<RetryOptions, "only">;
  readonly journal: JournalOptions | undefined;
  readonly progress: boolean | ((progress: Progress) => void);
  readonly signal: AbortSignal | undefined;
}

/** Default look-ahead for each rank: lazy inputs pulled whose results have not been taken. */
const lookAheadEach = 64;
/** Each costs rank 0 an object for each rank. */
const mostAtOnce = 1000;
const longestTimerMs = 2 ** 31 - 1;

/** The options with their defaults. @throws MpiError `invalid-argument` */
export function checkedMapOptions(
  options: PoolMapOptions,
  ranks: number,
  showsProgress: boolean,
  concurrency = 1,
): MapSettings {
  const { schedule = "dynamic", chunkSize, timeoutMs, journal, signal, weight } = options;
  const {
    lookAhead = lookAheadEach * Math.max(1, ranks * concurrency),
    stopOnError = true,
    retries = 0,
    progress = showsProgress,
  } = options;
  if (schedule !== "dynamic" && schedule !== "static") {
    throw invalid(`schedule is ${show(schedule)}, but a schedule is "dynamic" or "static"`);
  }
  if (schedule === "static" && concurrency > 1) {
    throw invalid(
      `concurrency is ${concurrency} and schedule is "static", but only the dynamic schedule has concurrency`,
    );
  }
  if (chunkSize !== undefined) checkWhole("chunkSize", chunkSize, 1);
  checkWhole("lookAhead", lookAhead, 1);
  if (weight !== undefined && typeof weight !== "function") {
    throw invalid(`weight is ${show(weight)}, but it is a function from an input to a number`);
  }
  if (typeof progress !== "boolean" && typeof progress !== "function") {
    throw invalid(`progress is ${show(progress)}, but it is true, false, or a function that is told of progress`);
  }
  checkBoolean("stopOnError", stopOnError);
  if (timeoutMs !== undefined && !isTime(timeoutMs, Number.MIN_VALUE)) {
    throw invalid(`timeoutMs is ${show(timeoutMs)}, but a time is more than 0 and at most ${longestTimerMs} ms`);
  }
  // One task a chunk: a task that is given up would lose the rest of its chunk.
  const size = chunkSize ?? (timeoutMs === undefined ? undefined : 1);
  return {
    schedule,
    chunkSize: size,
    lookAhead,
    stopOnError,
    timeoutMs,
    retries: retriesOf(retries),
    journal: journalOf(journal),
    progress,
    signal,
  };
}

/** The option `concurrency`, of a map or a pool. @throws MpiError `invalid-argument` */
export function checkedConcurrency(concurrency: unknown = 1): number {
  if (Number.isSafeInteger(concurrency) && (concurrency as number) >= 1 && (concurrency as number) <= mostAtOnce) {
    return concurrency as number;
  }
  throw invalid(
    `concurrency is ${show(concurrency)}, but it is how many async tasks a rank does at once: a whole number from 1 to ${mostAtOnce}`,
  );
}

/** @throws MpiError `invalid-argument` */
function retriesOf(retries: number | RetryOptions): MapSettings["retries"] {
  const given = typeof retries === "object" && retries !== null ? retries : { times: retries };
  const { times, delayMs = 0, only, ...others } = given;
  const [other] = Object.keys(others);
  if (other !== undefined) throw invalid(`retries has no option ${other}; its options are times, delayMs and only`);
  checkWhole(given === retries ? "retries.times" : "retries", times, 0);
  if (!isTime(delayMs, 0)) {
    throw invalid(`delayMs is ${show(delayMs)}, but a time is from 0 to ${longestTimerMs} ms`);
  }
  if (only !== undefined && typeof only !== "function") {
    throw invalid(`only is ${show(only)}, but it is a function that says whether to try again after an error`);
  }
  return { times, delayMs, only };
}

function journalOf(journal: PoolMapOptions["journal"]): JournalOptions | undefined {
  if (journal === undefined) return undefined;
  const { file, key, ...others } = typeof journal === "object" && journal !== null ? journal : { file: journal };
  const [other] = Object.keys(others);
  if (other !== undefined) throw invalid(`journal has no option ${other}; its options are file and key`);
  if (typeof file !== "string" || file === "") {
    const name = file === journal ? "journal" : "journal.file";
    throw invalid(`${name} is ${show(file)}, but a journal is the name of a file, or { file, key }`);
  }
  return { file, key };
}

/** @throws MpiError `invalid-argument` */
export function checkBoolean(name: string, value: unknown): void {
  if (typeof value !== "boolean") throw invalid(`${name} is ${show(value)}, but it is true or false`);
}

function isTime(ms: unknown, least: number): boolean {
  return typeof ms === "number" && ms >= least && ms <= longestTimerMs;
}

function checkWhole(name: string, value: unknown, least: number): void {
  if (Number.isSafeInteger(value) && (value as number) >= least) return;
  throw invalid(`${name} is ${show(value)}, but it is a whole number from ${least}`);
}
