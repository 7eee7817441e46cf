import { isatty } from "node:tty";
import { processStat } from "../system/process-stat.ts";

/** So many bytes may be on their way to rank 0 before the launcher stops reading. */
const windowBytes = 256 << 10;

/**
 * Hands the launcher's standard input to rank 0, no faster than it reads; null at the end.
 *
 * Reading a terminal from the background would stop the whole launcher (SIGTTIN), so that is left alone until somebody
 * brings the job to the foreground.
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

  /** Rank 0 has got so many bytes. */
  taken(bytes: number): void {
    this.#underway -= bytes;
    if (this.#open && this.#underway <= windowBytes) process.stdin.resume();
  }

  /** The job was stopped and goes on, perhaps on the other side of the shell's `fg` and `bg`. */
  continued(): void {
    if (!this.#started || !this.#open || !isatty(0)) return;
    if (inBackground()) process.stdin.pause();
    else if (this.#reading) process.stdin.resume();
    else this.start();
  }

  /** Rank 0 is gone: what comes now is for whoever reads next. */
  stop(): void {
    if (!this.#open) return;
    this.#open = false;
    if (this.#reading) process.stdin.pause();
  }
}

/** Whether the controlling terminal belongs to another process group now. */
function inBackground(): boolean {
  const { group, foreground } = processStat("self") ?? {};
  return foreground !== undefined && foreground > 0 && group !== foreground;
}
