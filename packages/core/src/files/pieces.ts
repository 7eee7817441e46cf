import { invalid, show } from "../calls/check.ts";
import type { Layout } from "../calls/regions/layout.ts";

/**
 * Pieces of a file at equal distances: `count` of `bytes` each, the first at `offset`, `step` bytes from one to the next.
 * As numbers, because ranks send them to each other: four for each run.
 */
export type Runs = number[];

export const numbersOfRun = 4;

/** Which pieces of a file the bytes of an array go to, in the order of both. */
export class Pieces {
  /** Number of bytes. */
  readonly bytes: number;
  /** Where the first one goes, and the byte behind the last one. */
  readonly start: number;
  readonly end: number;
  readonly #offset: number;
  readonly #layout: Layout | undefined;
  /** Bytes of what is not cut: an element of the layout, or a byte. */
  readonly #size: number;

  /**
   * @param layout the region of a grid of elements of `size` bytes that begins at `offset`; undefined: all bytes behind each other
   * @throws MpiError `invalid-argument`
   */
  constructor(offset: number, bytes: number, layout?: Layout, size: number = 1) {
    if (!Number.isSafeInteger(offset) || offset < 0) {
      throw invalid(`offset is ${show(offset)}, but it is a number of bytes, a whole number from 0`);
    }
    if (layout !== undefined && layout.length * size !== bytes) {
      throw invalid(`the view (${layout.text}) has ${layout.length} elements, but the array has ${bytes / size}`);
    }
    const isDense = layout === undefined || layout.isContiguous;
    this.bytes = bytes;
    this.#layout = isDense ? undefined : layout;
    this.#size = isDense ? 1 : size;
    this.#offset = offset + (isDense && layout !== undefined ? layout.first * size : 0);
    this.start = this.#offset + (this.#layout?.first ?? 0) * size;
    this.end = this.#layout === undefined ? this.#offset + bytes : this.#offset + this.#layout.end * size;
  }

  /** Bytes of a contiguous piece: the mean. */
  get meanBytes(): number {
    const { line } = this.#layout ?? {};
    if (line === undefined) return this.bytes;
    return line.step === 1 ? line.count * this.#size : this.#size;
  }

  /** Which bytes of the array go to the pieces that begin from `from` up to `until` in the file. */
  within(from: number, until: number): { first: number; last: number } {
    const first = this.#indexFrom(from);
    return { first: first * this.#size, last: Math.max(first, this.#indexFrom(until)) * this.#size };
  }

  /** Where the bytes `first` to `last` of the array go. */
  runs(first: number, last: number): Runs {
    const layout = this.#layout;
    if (last <= first) return [];
    if (layout === undefined) return [this.#offset + first, last - first, 0, 1];
    const size = this.#size;
    const runs = new RunList();
    layout.lines(first / size, last / size, (at, step, count) => {
      const offset = this.#offset + at * size;
      if (step === 1) runs.add(offset, count * size, 0, 1);
      else runs.add(offset, size, step * size, count);
    });
    return runs.numbers;
  }

  /** How many elements begin before this place of the file. */
  #indexFrom(place: number): number {
    const layout = this.#layout;
    if (layout === undefined) return Math.min(this.bytes, Math.max(0, place - this.#offset));
    let low = 0;
    let high = layout.length;
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      if (this.#offset + layout.place(middle) * this.#size < place) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** Runs, as few as possible. */
class RunList {
  readonly numbers: Runs = [];

  add(offset: number, bytes: number, step: number, count: number): void {
    const { numbers } = this;
    const last = numbers.length - numbersOfRun;
    const [before = 0, length = -1, distance = 0, times = 0] = numbers.slice(last);
    // Single pieces of one length that follow each other at one distance are a run.
    if (count === 1 && length === bytes && (times === 1 || offset === before + times * distance)) {
      numbers[last + 2] = times === 1 ? offset - before : distance;
      numbers[last + 3] = times + 1;
      return;
    }
    numbers.push(offset, bytes, step, count);
  }
}

/** Calls `visit(offset, bytes, at)` for each piece: its place in the file, and its place among the bytes of all. */
export function forEachPiece(
  runs: ArrayLike<number>,
  visit: (offset: number, bytes: number, at: number) => void,
): void {
  let at = 0;
  for (let i = 0; i < runs.length; i += numbersOfRun) {
    const [offset, bytes, step, count] = [runs[i], runs[i + 1], runs[i + 2], runs[i + 3]] as [
      number,
      number,
      number,
      number,
    ];
    for (let k = 0; k < count; k++, at += bytes) visit(offset + k * step, bytes, at);
  }
}
