import { invalid, show } from "../check.ts";
import type { Progress } from "../progress.ts";
import type { MapOptions } from "./task.ts";

/** Options of a map, complete and checked. */
export interface Settings {
  readonly schedule: "dynamic" | "static";
  /** Undefined: guided. */
  readonly chunkSize: number | undefined;
  readonly lookAhead: number;
  readonly stopOnError: boolean;
  readonly timeoutMs: number | undefined;
  readonly retries: number;
  readonly journal: string | undefined;
  readonly progress: boolean | ((progress: Progress) => void);
  readonly signal: AbortSignal | undefined;
}

/** Inputs under way for each rank when they are made as they are pulled. */
const lookAheadEach = 64;
const longestTimerMs = 2 ** 31 - 1;

/** @throws MpiError `invalid-argument` */
export function complete(options: MapOptions, ranks: number, showsProgress: boolean): Settings {
  const { schedule = "dynamic", chunkSize, timeoutMs, journal, signal } = options;
  const {
    lookAhead = lookAheadEach * Math.max(1, ranks),
    stopOnError = true,
    retries = 0,
    progress = showsProgress,
  } = options;
  if (schedule !== "dynamic" && schedule !== "static") {
    throw invalid(`schedule is ${show(schedule)}, but a schedule is "dynamic" or "static"`);
  }
  if (chunkSize !== undefined) checkWhole("chunkSize", chunkSize, 1);
  checkWhole("lookAhead", lookAhead, 1);
  checkWhole("retries", retries, 0);
  if (timeoutMs !== undefined && !(timeoutMs > 0 && timeoutMs <= longestTimerMs)) {
    throw invalid(`timeoutMs is ${show(timeoutMs)}, but a time is more than 0 and at most ${longestTimerMs} ms`);
  }
  if (journal !== undefined && (typeof journal !== "string" || journal === "")) {
    throw invalid(`journal is ${show(journal)}, but a journal is the name of a file`);
  }
  // A task that may be given up must not take others of its chunk along.
  const size = chunkSize ?? (timeoutMs === undefined ? undefined : 1);
  return { schedule, chunkSize: size, lookAhead, stopOnError, timeoutMs, retries, journal, progress, signal };
}

function checkWhole(name: string, value: unknown, least: number): void {
  if (Number.isSafeInteger(value) && (value as number) >= least) return;
  throw invalid(`${name} is ${show(value)}, but it is a whole number from ${least}`);
}
