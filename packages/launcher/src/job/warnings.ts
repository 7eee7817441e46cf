import type { Output } from "../io/output.ts";
import { count } from "../reports/table.ts";

/** More warnings than this would hide what the program itself writes. */
const most = 100;

/** Warnings about the program, from ranks, the source analysis and the end of the job. Each text is shown once. */
export class Warnings {
  readonly #output: Output;
  readonly #shown = new Set<string>();

  constructor(output: Output) {
    this.#output = output;
  }

  /** Shows a warning, unless too many have been shown. */
  remark(text: string): void {
    if (this.#shown.size < most) this.warn(text);
  }

  warn(text: string): void {
    this.#show(text, `warning: ${text}`);
  }

  /** Shows what is more than a warning: it counts as a mistake, too. */
  complain(text: string): void {
    this.#show(text, text);
  }

  /** What `--check` says of them; undefined when there was none. */
  get summary(): string | undefined {
    const found = this.#shown.size;
    if (found === 0) return undefined;
    return `--check found ${found >= most ? "at least " : ""}${count(found, "mistake")}`;
  }

  #show(text: string, sentence: string): void {
    if (this.#shown.has(text)) return;
    this.#shown.add(text);
    this.#output.say(`tsmpi: ${sentence}`);
  }
}
