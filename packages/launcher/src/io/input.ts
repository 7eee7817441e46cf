import { isatty } from "node:tty";
import { processStat } from "../system/process-stat.ts";

/** Unacknowledged bytes at which the launcher stops reading its input. */
const windowBytes = 256 << 10;

/**
 * Passes the launcher's standard input on to rank 0, no faster than rank 0 reads; null at the end.
 *
 * To read a terminal from the background would stop the whole launcher (SIGTTIN). So the terminal is not read before the job
 * comes to the foreground.
 */
export class Input {
  readonly #forward: (bytes: Uint8Array | null) => void;
  #underway = 0;
  #open = true;
  #started = false;
  #reading = false;

  constructor(forward: (bytes: Uint8Array | null) => void) {
    this.#forward = forward;
  }

  start(): void {
    this.#started = true;
    if (isatty(0) && inBackground()) return;
    this.#reading = true;
    const end = () => {
      if (this.#open) this.#forward(null);
      this.#open = false;
    };
    process.stdin.on("data", (bytes: Uint8Array) => {
      if (!this.#open) return;
      this.#underway += bytes.length;
      if (this.#underway > windowBytes) process.stdin.pause();
      this.#forward(bytes);
    });
    process.stdin.once("end", end);
    process.stdin.once("error", end);
  }

  /** Rank 0 has taken so many bytes. */
  taken(bytes: number): void {
    this.#underway -= bytes;
    if (this.#open && this.#underway <= windowBytes) process.stdin.resume();
  }

  /** The job was stopped and goes on, perhaps now in the foreground or background (`fg`, `bg`). */
  continued(): void {
    if (!this.#started || !this.#open || !isatty(0)) return;
    if (inBackground()) process.stdin.pause();
    else if (this.#reading) process.stdin.resume();
    else this.start();
  }

  /** Rank 0 has ended. Later input is left for the next reader. */
  stop(): void {
    if (!this.#open) return;
    this.#open = false;
    if (this.#reading) process.stdin.pause();
  }
}

/** Whether another process group is in the foreground of the terminal. */
function inBackground(): boolean {
  const { group, foreground } = processStat("self") ?? {};
  return foreground !== undefined && foreground > 0 && group !== foreground;
}
