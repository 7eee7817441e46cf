import type { Readable } from "node:stream";
import { isatty } from "node:tty";
import { processStat } from "../system/process-stat.ts";

/** Unacknowledged bytes of one rank at which the launcher stops reading its input. */
const windowBytes = 256 << 10;

/**
 * Passes the launcher's standard input on to some ranks, no faster than the slowest of them reads; null at the end.
 *
 * To read a terminal from the background would stop the whole launcher (SIGTTIN). So the terminal is not read before the job
 * comes to the foreground.
 */
export class Input {
  readonly #forward: (bytes: Uint8Array | null) => void;
  /** The ranks that read and have not ended, with the bytes that each has not yet taken. */
  readonly #readers: Map<number, number>;
  readonly #unstarted: Set<number>;
  readonly #source: () => Readable;
  /** Its source is a terminal. */
  readonly #isTerminal: boolean;
  #open = true;
  #started = false;
  #reading = false;

  /** Whether some of the input has been read. */
  hasRead = false;

  /** `ranks` read the input, from `source` if it is not the launcher's own. */
  constructor(forward: (bytes: Uint8Array | null) => void, ranks: readonly number[], source?: Readable) {
    this.#forward = forward;
    this.#source = () => source ?? process.stdin; // not touched before it is needed
    this.#isTerminal = source === undefined && isatty(0);
    this.#readers = new Map(ranks.map((rank) => [rank, 0]));
    this.#unstarted = new Set(ranks);
  }

  /** A rank has been started. Reading begins when all that read are there. */
  rankStarted(rank: number): void {
    if (this.#unstarted.delete(rank) && this.#unstarted.size === 0) this.#start();
  }

  #start(): void {
    this.#started = true;
    if (this.#isTerminal && inBackground()) return;
    this.#reading = true;
    const end = () => {
      if (this.#open) this.#forward(null);
      this.#open = false;
    };
    const source = this.#source();
    source.on("data", (bytes: Uint8Array) => {
      if (!this.#open) return;
      this.hasRead = true;
      for (const [rank, waiting] of this.#readers) this.#readers.set(rank, waiting + bytes.length);
      if (this.#isFull) source.pause();
      this.#forward(bytes);
    });
    source.once("end", end);
    source.once("error", end);
  }

  /** A rank has taken so many bytes. */
  taken(rank: number, bytes: number): void {
    const waiting = this.#readers.get(rank);
    if (waiting !== undefined) this.#readers.set(rank, waiting - bytes);
    this.#resume();
  }

  /** The job was stopped and goes on, perhaps now in the foreground or background (`fg`, `bg`). */
  continued(): void {
    if (!this.#started || !this.#open || !this.#isTerminal) return;
    if (inBackground()) this.#source().pause();
    else if (this.#reading) this.#source().resume();
    else this.#start();
  }

  /** A rank has ended. After the last one that reads, later input is left for the next reader. */
  rankEnded(rank: number): void {
    if (!this.#readers.delete(rank)) return;
    this.#unstarted.delete(rank);
    if (this.#readers.size > 0) {
      this.#resume();
      return;
    }
    if (!this.#open) return;
    this.#open = false;
    if (this.#reading) this.#source().pause();
  }

  get #isFull(): boolean {
    return [...this.#readers.values()].some((waiting) => waiting > windowBytes);
  }

  #resume(): void {
    if (this.#open && this.#reading && !this.#isFull) this.#source().resume();
  }
}

/** Whether another process group is in the foreground of the terminal. */
function inBackground(): boolean {
  const { group, foreground } = processStat("self") ?? {};
  return foreground !== undefined && foreground > 0 && group !== foreground;
}
