import { describeProgress, type Progress, ProgressLines } from "@tsmpi/core/progress";
import type { Output } from "./output.ts";

const barCells = 24;
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
    if (!this.#output.hasStatus) {
      this.#lines.show(progress);
    } else if (progress.finished) {
      this.#output.status("");
      this.#output.say(`tsmpi: ${describeProgress(progress)}`);
    } else {
      this.#output.status(`${bar(progress)}${describeProgress(progress)}`);
    }
  }
}

/** `█████▌      `; "" if the total is not known. */
export function bar({ done, total }: Pick<Progress, "done" | "total">): string {
  if (total === undefined || total === 0) return "";
  const filled = Math.floor((8 * barCells * Math.min(done, total)) / total);
  const cells = "█".repeat(filled >> 3) + eighths[filled & 7];
  return `${cells.padEnd(barCells)} `;
}
