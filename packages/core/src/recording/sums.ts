import { head, mostSums, type RecordingMemory, recordedOperations, sumWords } from "./layout.ts";

/** The sums of calls by operation, line and phase: a table of rows, found by a number that is made of the three. */
export class Sums {
  readonly #header: Float64Array;
  readonly #rows: Float64Array;
  readonly #rowOf: Map<number, number> = new Map();
  /** The row of each operation whose line is not known, in the present phase. */
  readonly #hot: Int32Array = new Int32Array(recordedOperations.length).fill(-1);
  #count = 0;

  constructor({ header, sums }: RecordingMemory) {
    this.#header = header;
    this.#rows = sums;
  }

  /** The row of calls whose line is not known. */
  plain(phase: number, operation: number): number {
    let row = this.#hot[operation] as number;
    if (row < 0) {
      row = this.find(phase, operation, 0);
      this.#hot[operation] = row;
    }
    return row;
  }

  /** The row; where the table is full, one of the same operation, else the first. */
  find(phase: number, operation: number, site: number): number {
    const name = (phase * recordedOperations.length + operation) * mostSites + site;
    const known = this.#rowOf.get(name);
    if (known !== undefined) return known;
    const row =
      this.#count < mostSums ? this.#make(phase, operation, site) : site === 0 ? 0 : this.find(phase, operation, 0);
    this.#rowOf.set(name, row);
    return row;
  }

  #make(phase: number, operation: number, site: number): number {
    const row = this.#count++;
    this.#rows.set([phase, operation, site], row * sumWords);
    this.#header[head.sumCount] = this.#count;
    return row;
  }

  /** Adds a call, and the calls of this row before it that were not timed: they took as long as this one. */
  add(row: number, ms: number, bytes: number): number {
    const rows = this.#rows;
    const at = row * sumWords;
    const weight = 1 + (rows[at + 7] as number);
    (rows[at + 3] as number)++;
    (rows[at + 4] as number) += ms * weight;
    if (ms > (rows[at + 5] as number)) rows[at + 5] = ms;
    (rows[at + 6] as number) += bytes;
    rows[at + 7] = 0;
    return weight;
  }

  /** Counts a call that was not timed. */
  addUntimed(row: number, bytes: number): void {
    const at = row * sumWords;
    (this.#rows[at + 3] as number)++;
    if (bytes > 0) (this.#rows[at + 6] as number) += bytes;
    (this.#rows[at + 7] as number)++;
  }

  /** The phase has changed. */
  forgetHot(): void {
    this.#hot.fill(-1);
  }
}

/** Lines of the program that are told apart. */
export const mostSites = 1024;
