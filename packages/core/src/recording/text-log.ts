import { head, type RecordingMemory } from "./layout.ts";

/** A line of a recording's text. */
export type TextLine =
  | { site: string }
  | { phase: string }
  | {
      topology: "cart" | "graph";
      context: number;
      name: string;
      members: readonly number[];
      dims?: readonly number[];
      periodic?: readonly boolean[];
      neighbors: readonly number[];
    };

/** Names of lines and phases, in the order of their numbers, and what else is words: lines of JSON. */
export class TextLog {
  readonly #header: Float64Array;
  readonly #text: Uint8Array;
  #used = 0;

  constructor({ header, text }: RecordingMemory) {
    this.#header = header;
    this.#text = text;
  }

  /** False if there is no room. */
  write(line: TextLine): boolean {
    const bytes = Buffer.from(`${JSON.stringify(line)}\n`);
    if (this.#used + bytes.length > this.#text.length) return false;
    this.#text.set(bytes, this.#used);
    this.#used += bytes.length;
    this.#header[head.textBytes] = this.#used;
    return true;
  }
}
