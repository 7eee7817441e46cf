import type { Output } from "../io/output.ts";

/** Sentences about the end of ranks. Each waits until all that the rank itself wrote has been shown. */
export class LastSentences {
  readonly #output: Output;
  readonly #waiting = new Map<number, () => string>();
  readonly #drained = new Set<number>();

  constructor(output: Output) {
    this.#output = output;
  }

  /** `sentence` is called when it can be shown. A second one replaces the first. */
  say(rank: number, sentence: () => string): void {
    this.#waiting.set(rank, sentence);
    this.#show(rank);
  }

  /** All that this rank ever wrote has been shown. */
  drained(rank: number): void {
    this.#drained.add(rank);
    this.#show(rank);
  }

  /** The last lines of a rank, where they are not on the screen anyway. */
  linesOf(rank: number): string {
    const words = this.#output.unseenWords(rank);
    if (words === undefined) return "";
    const file = words.file === undefined ? "" : ` (${words.file})`;
    return [`\n  its last lines${file}:`, ...words.lines].join("\n  | ");
  }

  #show(rank: number): void {
    const sentence = this.#waiting.get(rank);
    if (sentence === undefined || !this.#drained.has(rank)) return;
    this.#waiting.delete(rank);
    this.#output.say(sentence());
  }
}
