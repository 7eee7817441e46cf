import { fstatSync } from "node:fs";
import { isatty } from "node:tty";
import type { OutputStream } from "../link/messages.ts";
import { LastLines } from "./last-lines.ts";
import { RankFiles } from "./rank-files.ts";
import { openSink, type Sink, sameDestination } from "./sink.ts";

/** A report of the run quotes no more. */
const mostSaid = 100;

export interface OutputOptions {
  /** What to put before every line of a rank; "": nothing. */
  tag(rank: number): string;
  /** Whose output is shown; undefined: that of all ranks. */
  shown: ReadonlySet<number> | undefined;
  /** A file for each rank and stream instead of the launcher's own output. */
  directory: string | undefined;
  ranks: number;
  /** How often the job was started before: the files of earlier starts are kept. */
  restart?: number;
  /** Output cannot be written any more: `error` says why. Called at most once; later output is dropped. */
  failed(error: NodeJS.ErrnoException): void;
}

/** The launcher's own stdout and stderr. One for the whole run: a descriptor can be watched once. */
export class Screen {
  /** The line at the bottom of the terminal, if stderr is one. */
  readonly status: Status | undefined = isatty(2) ? { text: "", shown: false } : undefined;
  readonly writers: Record<OutputStream, LineWriter>;

  constructor() {
    const stdout = new LineWriter(openSink(1), isatty(1) ? this.status : undefined);
    const stderr = sameDestination(1, 2) ? stdout : new LineWriter(openSink(2), this.status);
    this.writers = { stdout, stderr };
  }
}

/** Everything that the job writes: the ranks' output, and the launcher's own lines. */
export class Output {
  readonly #writers: Record<OutputStream, LineWriter>;
  readonly #options: OutputOptions;
  readonly #files: RankFiles | undefined;
  readonly #lastLines = new LastLines();
  readonly #status: Status | undefined;
  #pending = 0;
  #failed = false;
  #idle: (() => void)[] = [];

  constructor(options: OutputOptions, { status, writers }: Screen = new Screen()) {
    const { directory, ranks, restart = 0 } = options;
    this.#options = options;
    this.#status = status;
    this.#writers = writers;
    const isShown = (rank: number): boolean => this.#isShown(rank);
    this.#files = directory === undefined ? undefined : new RankFiles(directory, ranks, isShown, restart);
  }

  /** Writes whole lines of a rank, or a part of a line that stays incomplete for the moment. */
  write(rank: number, stream: OutputStream, block: Uint8Array, written: () => void): void {
    this.#lastLines.note(rank, stream, block);
    if (!this.#isShown(rank)) {
      written();
      return;
    }
    this.#pending++;
    const writer = this.#writers[stream];
    const matters = this.#files !== undefined || writer === this.#writers.stdout;
    const done = (error: Error | undefined) => {
      written();
      this.#settle(error, matters);
    };
    if (this.#failed && matters) done(undefined);
    else if (this.#files !== undefined) this.#files.write(rank, stream, block, done);
    else writer.write(`${rank} ${stream}`, this.#options.tag(rank), block, done);
  }

  /** The last lines of a rank's stderr. */
  lastWords(rank: number): string {
    return this.#lastLines.of(rank, "stderr").join("\n");
  }

  /**
   * The last lines of a rank if they are not on the screen: they were not shown, went into a file, or have scrolled away. Of stderr, or of
   * stdout if stderr is empty. Undefined if they are on the screen.
   */
  unseenWords(rank: number): { lines: string[]; file: string | undefined } | undefined {
    const streams = (["stderr", "stdout"] as const).map((stream) => ({
      stream,
      lines: this.#lastLines.of(rank, stream),
    }));
    const last = streams.find(({ lines }) => lines.length > 0);
    if (last === undefined) return undefined;
    const { stream, lines } = last;
    if (!this.#isShown(rank)) return { lines, file: undefined };
    const file = this.#files?.name(rank, stream);
    return file !== undefined || this.#lastLines.isBuried(rank, stream) ? { lines, file } : undefined;
  }

  /** The first lines that the launcher has said. */
  readonly said: string[] = [];

  /** Writes a line of the launcher's own on stderr. */
  say(line: string): void {
    if (this.said.length < mostSaid) this.said.push(line);
    this.#pending++;
    this.#writers.stderr.write("launcher", "", Buffer.from(`${line}\n`), () => this.#settle(undefined, false));
  }

  /** Most characters of a {@link status}; undefined where there is no terminal for it. */
  get statusRoom(): number | undefined {
    return this.#status && Math.max(0, (process.stderr.columns || 80) - 1);
  }

  /** Shows a line at the bottom of the terminal, below all output, until the next call; "" removes it. */
  status(text: string): void {
    if (this.#status === undefined || (text === "" && !this.#status.shown)) return;
    this.#status.text = text.slice(0, this.statusRoom);
    this.#pending++;
    this.#writers.stderr.refresh(() => this.#settle(undefined, false));
  }

  /** The reader does not read: drops everything that is not yet written. */
  abandon(): void {
    this.#failed = true;
    this.#pending = Number.NEGATIVE_INFINITY;
    for (const resolve of this.#idle.splice(0)) resolve();
  }

  /** Resolves when everything is written. */
  async flush(): Promise<void> {
    if (this.#pending > 0) await new Promise<void>((resolve) => this.#idle.push(resolve));
  }

  /** Closes the files of ranks, when everything is written. */
  close(): void {
    this.#files?.close();
  }

  #isShown(rank: number): boolean {
    return this.#options.shown?.has(rank) ?? true;
  }

  #settle(error: Error | undefined, matters: boolean): void {
    if (error !== undefined && matters && !this.#failed) {
      this.#failed = true;
      this.#options.failed(error);
    }
    this.#pending--;
    if (this.#pending > 0) return;
    for (const resolve of this.#idle.splice(0)) resolve();
  }
}

/**
 * Whether to show a line before its newline has come. Not in a file: there the rest of the line can still join it, and no user
 * waits for a prompt.
 */
export function showsPartialLines(outputDirectory: string | undefined): Record<OutputStream, boolean> {
  const shows = (fd: number) => outputDirectory === undefined && !fstatSync(fd).isFile();
  return { stdout: shows(1), stderr: shows(2) };
}

/** The last line of a terminal. It is removed before each write, and drawn again after it. */
interface Status {
  text: string;
  shown: boolean;
}

const wipe = Buffer.from("\r\x1b[K");

/** A destination of several writers, line by line. Knows which writer has left a line unfinished. */
class LineWriter {
  readonly #sink: Sink;
  readonly #status: Status | undefined;
  #unfinished: string | undefined;

  constructor(sink: Sink, status: Status | undefined) {
    this.#sink = sink;
    this.#status = status;
  }

  refresh(written: (error: Error | undefined) => void): void {
    this.#sink.write(Buffer.concat(this.#withStatus([])), written);
  }

  write(writer: string, tag: string, block: Uint8Array, written: (error: Error | undefined) => void): void {
    const parts: Uint8Array[] = [];
    if (this.#unfinished !== undefined && this.#unfinished !== writer) parts.push(newline);
    const continues = this.#unfinished === writer;
    if (tag === "") parts.push(block);
    else parts.push(...tagged(block, Buffer.from(tag), continues));
    this.#unfinished = block.at(-1) === newline[0] ? undefined : writer;
    const all = this.#status === undefined ? parts : this.#withStatus(parts);
    this.#sink.write(all.length === 1 ? all[0]! : Buffer.concat(all), written);
  }

  /** Draws no status behind an unfinished line, which may be a prompt. */
  #withStatus(parts: Uint8Array[]): Uint8Array[] {
    const status = this.#status;
    if (status === undefined) return parts;
    const before = status.shown ? [wipe] : [];
    status.shown = status.text !== "" && this.#unfinished === undefined;
    return [...before, ...parts, ...(status.shown ? [Buffer.from(status.text)] : [])];
  }
}

const newline = Buffer.from("\n");

function tagged(block: Uint8Array, tag: Uint8Array, continues: boolean): Uint8Array[] {
  const parts: Uint8Array[] = [];
  for (let start = 0; start < block.length; ) {
    const found = block.indexOf(newline[0]!, start);
    const end = found < 0 ? block.length : found + 1;
    if (start > 0 || !continues) parts.push(tag);
    parts.push(block.subarray(start, end));
    start = end;
  }
  return parts;
}
