import { describeProgress, type Progress, ProgressLines } from "@tsmpi/core/progress";
import type { Output } from "./output.ts";

const mostCells = 24;
const leastCells = 6;
const eighths = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];

/** Shows the progress of a job's maps: a bar at the bottom of a terminal, a line from time to time in a log file. */
export class ProgressDisplay {
  readonly #output: Output;
  readonly #lines: ProgressLines;

  constructor(output: Output) {
    this.#output = output;
    this.#lines = new ProgressLines({ write: (text) => output.say(`tsmpi: ${text.trimEnd()}`) });
  }

  show(progress: Progress): void {
    const room = this.#output.statusRoom;
    if (room === undefined) {
      this.#lines.show(progress);
    } else if (progress.finished) {
      this.#output.status("");
      this.#output.say(`tsmpi: ${describeProgress(progress)}`);
    } else {
      const text = describeProgress(progress, room);
      this.#output.status(`${bar(progress, room - text.length)}${text}`);
    }
  }
}

/** `█████▌      `, in at most `room` characters; "" if the total is not known, or too little room. */
export function bar(
  { done, total }: Pick<Progress, "done" | "total">,
  room: number = Number.POSITIVE_INFINITY,
): string {
  const cells = Math.min(mostCells, room - 1);
  if (total === undefined || total === 0 || cells < leastCells) return "";
  const filled = Math.floor((8 * cells * Math.min(done, total)) / total);
  const full = "█".repeat(filled >> 3) + eighths[filled & 7];
  return `${full.padEnd(cells)} `;
}
