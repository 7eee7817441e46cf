/** A task at work, as rank 0 knows it. */
export interface RunningTask {
  /** Name of the task. */
  readonly task: string;
  /** Position of its input among the inputs. */
  readonly index: number;
  /** The rank that works. */
  readonly rank: number;
  /** Name of its host. */
  readonly host: string;
  /** Time since it began, in milliseconds; estimated where a rank has several small tasks. */
  readonly ms: number;
}

/** The state of a map. */
export interface Progress {
  /** Name of the task. */
  readonly task: string;
  /** Inputs with a result, including those that failed for good. */
  readonly done: number;
  /** Inputs that failed for good. */
  readonly failed: number;
  /** All inputs, if their number is known. That of a generator is known when it has ended. */
  readonly total: number | undefined;
  /** Time since the start of the map, in milliseconds. */
  readonly elapsedMs: number;
  /** Inputs done per second, on average; without those that a journal had. */
  readonly perSecond: number;
  /**
   * Estimated time left, from the rate. Undefined where the rate says nothing: before each rank can have done a task, when all
   * tasks that are left are at work, and while the total is unknown.
   */
  readonly remainingMs: number | undefined;
  /** Number of ranks that have work at present. */
  readonly busy: number;
  /** Number of ranks that can have work. */
  readonly ranks: number;
  /** The three tasks that have been at work longest, the longest first; of all maps and pools under way on this communicator. */
  readonly slowest: readonly RunningTask[];
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

/** Tasks at work appear in the text from this time on, if they take this many times as long as the mean. */
const straggleMs = 1000;
const straggleFactor = 2;

/**
 * `render: 512/1000 (51 %), 3 failed, 21/s, about 23 s left, 8/8 ranks busy, input 17 on rank 3 for 1:05`
 * @param room most characters; words of less importance are left out for that
 */
export function describeProgress(progress: Progress, room: number = Number.POSITIVE_INFINITY): string {
  const words = wordsOf(progress);
  const text = (): string => `${progress.task}: ${words.map((word) => word.text).join(", ")}`;
  while (text().length > room && words.length > 1) {
    const least = Math.max(...words.map((word) => word.rank));
    words.splice(
      words.findLastIndex((word) => word.rank === least),
      1,
    );
  }
  return text();
}

/** The words of a line. Those of higher rank are left out first. */
function wordsOf(progress: Progress): { text: string; rank: number }[] {
  const { done, failed, total, perSecond, remainingMs, elapsedMs, busy, ranks, lost, finished } = progress;
  const words = [
    { text: total === undefined ? `${done} done` : `${done}/${total} (${percent(done, total)} %)`, rank: 0 },
  ];
  const add = (text: string, rank: number): unknown => words.push({ text, rank });
  if (failed > 0) add(`${failed} failed`, 1);
  if (perSecond > 0) add(`${perSecond < 10 ? perSecond.toPrecision(2) : Math.round(perSecond)}/s`, 5);
  if (finished) add(`took ${clock(elapsedMs)}`, 1);
  else if (remainingMs !== undefined && remainingMs > 0) add(`about ${roughTime(remainingMs)} left`, 1);
  if (!finished) add(`${busy}/${ranks} ranks busy`, 4);
  if (lost.length > 0) add(`lost rank ${lost.join(", ")}`, 3);
  for (const { index, rank, ms } of stragglers(progress)) add(`input ${index} on rank ${rank} for ${clock(ms)}`, 2);
  return words;
}

/** The tasks at work that take far longer than the others have; before the first has ended, those that take longest. */
function stragglers({ perSecond, ranks, slowest, finished }: Progress): readonly RunningTask[] {
  if (finished) return [];
  const meanMs = perSecond > 0 ? (1000 * ranks) / perSecond : 0;
  return slowest.filter(({ ms }) => ms >= Math.max(straggleMs, straggleFactor * meanMs)).slice(0, 2);
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

/** `40 s`, `3 min`, `2.5 h`, `3 days`: as exact as an estimate can be. */
export function roughTime(ms: number): string {
  const seconds = ms / 1000;
  if (seconds < 55) return `${seconds < 10 ? Math.ceil(seconds) : 5 * Math.round(seconds / 5)} s`;
  if (seconds < 90 * 60) return `${Math.max(1, Math.round(seconds / 60))} min`;
  const hours = seconds / 3600;
  return hours < 48 ? `${Math.round(2 * hours) / 2} h` : `${Math.round(hours / 24)} days`;
}
