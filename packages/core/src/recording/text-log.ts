import { head, type RecordingMemory } from "./layout.ts";

/** A line of a recording's text. */
export type TextLine =
  | { site: string }
  | { phase: string }
  /** A phase was open: its number, from when, for how many ms. */
  | { span: readonly [phase: number, began: number, ms: number] }
  /** What is left out. */
  | { note: string }
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

  /** False if there is no room. Spans, of which there may be many, leave a half for the rest. */
  write(line: TextLine): boolean {
    const bytes = Buffer.from(`${JSON.stringify(line)}\n`);
    const room = "span" in line ? this.#text.length / 2 : this.#text.length;
    if (this.#used + bytes.length > room) return false;
    this.#text.set(bytes, this.#used);
    this.#used += bytes.length;
    this.#header[head.textBytes] = this.#used;
    return true;
  }
}
