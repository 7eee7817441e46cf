import { fstatSync } from "node:fs";
import { isatty } from "node:tty";
import type { OutputStream } from "../link/messages.ts";
import { LastLines } from "./last-lines.ts";
import { RankFiles } from "./rank-files.ts";
import { openSink, type Sink, sameDestination } from "./sink.ts";

export interface OutputOptions {
  /** Puts `[rank] ` before every line. */
  tag: boolean;
  /** A file for each rank and stream instead of the launcher's own output. */
  directory: string | undefined;
  ranks: number;
  /** Bytes can be written no more: `error` says why. Called at most once; they are dropped from now on. */
  failed(error: NodeJS.ErrnoException): void;
}

/** All that the job writes: the ranks' output, and what the launcher itself has to say. */
export class Output {
  readonly #papers: Record<OutputStream, Paper>;
  readonly #options: OutputOptions;
  readonly #files: RankFiles | undefined;
  readonly #lastLines = new LastLines();
  /** At the bottom of the terminal, when stderr is one. */
  readonly #status: Status | undefined = isatty(2) ? { text: "", shown: false } : undefined;
  #pending = 0;
  #failed = false;
  #idle: (() => void)[] = [];

  constructor(options: OutputOptions) {
    this.#options = options;
    const stdout = new Paper(openSink(1), isatty(1) ? this.#status : undefined);
    this.#papers = { stdout, stderr: sameDestination(1, 2) ? stdout : new Paper(openSink(2), this.#status) };
    this.#files = options.directory === undefined ? undefined : new RankFiles(options.directory, options.ranks);
  }

  /** Whole lines of a rank, or a part of one that is not going to be completed soon. */
  write(rank: number, stream: OutputStream, block: Uint8Array, written: () => void): void {
    this.#pending++;
    this.#lastLines.note(rank, stream, block);
    const paper = this.#papers[stream];
    const matters = this.#files !== undefined || paper === this.#papers.stdout;
    const done = (error: Error | undefined) => {
      written();
      this.#settle(error, matters);
    };
    if (this.#failed && matters) done(undefined);
    else if (this.#files !== undefined) this.#files.write(rank, stream, block, done);
    else paper.write(`${rank} ${stream}`, this.#options.tag ? `[${rank}] ` : "", block, done);
  }

  /** The end of what a rank has written on stderr. */
  lastWords(rank: number): string {
    return this.#lastLines.of(rank, "stderr").join("\n");
  }

  /**
   * The last lines of a rank where its user does not see them: they went into a file, or off the screen since. On stderr, or
   * on stdout when it has written nothing there.
   */
  unseenWords(rank: number): { lines: string[]; file: string | undefined } | undefined {
    const streams = (["stderr", "stdout"] as const).map((stream) => ({
      stream,
      lines: this.#lastLines.of(rank, stream),
    }));
    const last = streams.find(({ lines }) => lines.length > 0);
    if (last === undefined) return undefined;
    const { stream, lines } = last;
    const file = this.#files?.name(rank, stream);
    return file !== undefined || this.#lastLines.isBuried(rank, stream) ? { lines, file } : undefined;
  }

  /** A line of the launcher's own, on stderr. */
  say(line: string): void {
    this.#pending++;
    this.#papers.stderr.write("launcher", "", Buffer.from(`${line}\n`), () => this.#settle(undefined, false));
  }

  /** Whether there is a terminal for a {@link status}. */
  get hasStatus(): boolean {
    return this.#status !== undefined;
  }

  /** A line at the bottom of the terminal, below all else that is written, until the next one; "" takes it away. */
  status(text: string): void {
    if (this.#status === undefined || (text === "" && !this.#status.shown)) return;
    this.#status.text = text.slice(0, Math.max(0, (process.stderr.columns || 80) - 1));
    this.#pending++;
    this.#papers.stderr.refresh(() => this.#settle(undefined, false));
  }

  /** Whoever reads does not: what has not been written by now is dropped. */
  abandon(): void {
    this.#failed = true;
    this.#pending = Number.NEGATIVE_INFINITY;
    for (const resolve of this.#idle.splice(0)) resolve();
  }

  /** Resolves when everything has been written. */
  async flush(): Promise<void> {
    if (this.#pending > 0) await new Promise<void>((resolve) => this.#idle.push(resolve));
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
 * Whether a line without its newline is worth showing. Not in a file: nobody waits before it, and there the rest of the
 * line can still join it.
 */
export function showsPartialLines(outputDirectory: string | undefined): Record<OutputStream, boolean> {
  const shows = (fd: number) => outputDirectory === undefined && !fstatSync(fd).isFile();
  return { stdout: shows(1), stderr: shows(2) };
}

/** A line of a terminal below all others: it is wiped away before something is written, and drawn again after. */
interface Status {
  text: string;
  shown: boolean;
}

const wipe = Buffer.from("\r\x1b[K");

/** Something that several write on, line by line: knows who has left the cursor in the middle of a line. */
class Paper {
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

  /** Nothing is drawn behind a line that is not finished: somebody may be asked something there. */
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
