/** The state of a map. */
export interface Progress {
  /** Name of the task. */
  readonly task: string;
  /** Inputs with a result, including those that failed for good. */
  readonly done: number;
  /** Inputs that failed for good. */
  readonly failed: number;
  /** All inputs, if their number is known. */
  readonly total: number | undefined;
  /** Time since the start of the map, in milliseconds. */
  readonly elapsedMs: number;
  /** Inputs done per second, on average; without those that a journal had. */
  readonly perSecond: number;
  /** Estimated time left, if there is an estimate. */
  readonly remainingMs: number | undefined;
  /** Number of ranks that have work at present. */
  readonly busy: number;
  /** Number of ranks that can have work. */
  readonly ranks: number;
  /** Ranks that have been lost. */
  readonly lost: readonly number[];
  /** Whether this is the last report. */
  readonly finished: boolean;
}

/** Not more often than this in a log file. */
const lineMs = 10_000;

/** A terminal shows one line that changes; any other stream gets a line now and then. */
export interface Lines {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

/** Shows progress as text for programs without a launcher. */
export class ProgressLines {
  readonly #stream: Lines;
  #shown = 0;

  constructor(stream: Lines) {
    this.#stream = stream;
  }

  show(progress: Progress): void {
    const text = describeProgress(progress);
    if (this.#stream.isTTY === true) {
      this.#stream.write(`\r\x1b[K${text}${progress.finished ? "\n" : ""}`);
    } else if (progress.finished || progress.elapsedMs - this.#shown >= lineMs) {
      this.#shown = progress.elapsedMs;
      this.#stream.write(`${text}\n`);
    }
  }
}

/** `render: 512/1000 (51 %), 3 failed, 21.5/s, 0:23 left, 8/8 ranks busy` */
export function describeProgress(progress: Progress): string {
  const { task, done, failed, total, perSecond, remainingMs, elapsedMs, busy, ranks, lost, finished } = progress;
  const words = [total === undefined ? `${done} done` : `${done}/${total} (${percent(done, total)} %)`];
  if (failed > 0) words.push(`${failed} failed`);
  if (perSecond > 0) words.push(`${perSecond < 10 ? perSecond.toPrecision(2) : Math.round(perSecond)}/s`);
  if (finished) words.push(`took ${clock(elapsedMs)}`);
  else if (remainingMs !== undefined) words.push(`${clock(remainingMs)} left`);
  if (!finished) words.push(`${busy}/${ranks} ranks busy`);
  if (lost.length > 0) words.push(`lost rank ${lost.join(", ")}`);
  return `${task}: ${words.join(", ")}`;
}

function percent(done: number, total: number): number {
  return total === 0 ? 100 : Math.floor((100 * done) / total);
}

/** Minutes and seconds, with hours if there are any. */
export function clock(ms: number): string {
  const seconds = Math.round(ms / 1000);
  const [h, m, s] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  const two = (n: number): string => String(n).padStart(2, "0");
  return h > 0 ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}
