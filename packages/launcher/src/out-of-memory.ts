import { readFileSync } from "node:fs";
import type { Exit } from "./exit-codes.ts";

/**
 * Guesses whether a rank was killed because memory ran out. The kernel says it nowhere to a parent; it only counts, for
 * the whole machine, so that a guess is all that it can be.
 */
export class OutOfMemory {
  #kills = countKills();

  /** What is likely to have ended a process in this way, if it is a lack of memory. */
  hintFor({ signal }: Exit): string | undefined {
    if (signal === "SIGABRT")
      return "node aborts when its heap is full; --node-options --max-old-space-size=MB raises the limit";
    if (signal !== "SIGKILL") return undefined;
    const kills = countKills();
    const hint = kills > this.#kills ? "the kernel has just killed a process because memory ran out" : undefined;
    this.#kills = kills;
    return hint;
  }
}

function countKills(): number {
  try {
    return Number(/^oom_kill (\d+)$/m.exec(readFileSync("/proc/vmstat", "latin1"))?.[1] ?? 0);
  } catch {
    return 0;
  }
}
