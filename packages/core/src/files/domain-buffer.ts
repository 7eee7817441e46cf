import type { LocalFile } from "./local-file.ts";
import { forEachPiece, numbersOfRun } from "./pieces.ts";

/** Unit of the map of what is covered, where all pieces permit it: most arrays have elements of 4 or 8 bytes. */
const wordBytes = 4;

/** A stretch of a file in memory, which pieces of several ranks are brought together in. */
export class DomainBuffer {
  #bytes: Uint8Array<ArrayBuffer> = new Uint8Array(0);
  #words: Int32Array = new Int32Array(0);
  /** Which bytes (or words) have been placed. */
  #covered: Uint8Array = new Uint8Array(0);
  #shares: [runs: Float64Array, bytes: Uint8Array][] = [];
  /** Where the memory begins in the file. */
  #from = 0;

  /** Begins a stretch at byte `from` of the file. */
  begin(from: number): void {
    this.#from = from;
    this.#shares = [];
  }

  /** Adds pieces; later ones lie above earlier ones. */
  place(runs: Float64Array, bytes: Uint8Array): void {
    if (runs.length > 0) this.#shares.push([runs, bytes]);
  }

  /** Writes what was placed: in one piece, unless something is missing between. */
  async write(file: LocalFile): Promise<void> {
    const end = endOf(this.#shares.map(([runs]) => runs));
    if (end === 0) return;
    this.#reserve(end - this.#from);
    const unit = this.#shares.every(([runs]) => isAligned(runs)) && this.#from % wordBytes === 0 ? wordBytes : 1;
    const covered = this.#covered.subarray(0, Math.ceil((end - this.#from) / unit)).fill(0);
    for (const [runs, bytes] of this.#shares) {
      const source = unit === wordBytes ? wordsOf(bytes) : undefined;
      if (source === undefined) this.#placeBytes(runs, bytes, covered, unit);
      else this.#placeWords(runs, source, covered);
    }
    this.#shares = [];
    for (let from = covered.indexOf(1); from >= 0; ) {
      const gap = covered.indexOf(0, from);
      const until = gap < 0 ? covered.length : gap;
      await file.write(this.#bytes.subarray(from * unit, until * unit), this.#from + from * unit);
      from = gap < 0 ? -1 : covered.indexOf(1, gap);
    }
  }

  /** Reads all pieces of these lists at once, and what lies between them. */
  async read(file: LocalFile, from: number, requests: readonly Float64Array[]): Promise<void> {
    let start = Number.POSITIVE_INFINITY;
    for (const runs of requests) if (runs.length > 0) start = Math.min(start, runs[0] as number);
    const end = endOf(requests);
    if (end === 0) return;
    this.#from = from;
    this.#reserve(end - from);
    await file.read(this.#bytes.subarray(start - from, end - from), start);
  }

  /** The bytes of these pieces of what was read, in memory of their own. */
  take(runs: Float64Array): Uint8Array {
    let total = 0;
    for (let i = 0; i < runs.length; i += numbersOfRun) total += (runs[i + 1] as number) * (runs[i + 3] as number);
    const result = new Uint8Array(total);
    const from = this.#from;
    const target = isAligned(runs) && from % wordBytes === 0 ? wordsOf(result) : undefined;
    const words = this.#words;
    forEachPiece(runs, (offset, bytes, at) => {
      if (bytes > longBytes || target === undefined) {
        result.set(this.#bytes.subarray(offset - from, offset - from + bytes), at);
        return;
      }
      let source = (offset - from) / wordBytes;
      for (let to = at / wordBytes; to < (at + bytes) / wordBytes; to++) target[to] = words[source++] as number;
    });
    return result;
  }

  #placeWords(runs: Float64Array, source: Int32Array, covered: Uint8Array): void {
    const words = this.#words;
    const from = this.#from;
    forEachPiece(runs, (offset, bytes, at) => {
      const first = (offset - from) / wordBytes;
      const last = first + bytes / wordBytes;
      let next = at / wordBytes;
      if (bytes > longBytes) words.set(source.subarray(next, next + last - first), first);
      else for (let i = first; i < last; i++) words[i] = source[next++] as number;
      if (bytes > longBytes) covered.fill(1, first, last);
      else for (let i = first; i < last; i++) covered[i] = 1;
    });
  }

  #placeBytes(runs: Float64Array, source: Uint8Array, covered: Uint8Array, unit: number): void {
    forEachPiece(runs, (offset, bytes, at) => {
      const first = offset - this.#from;
      this.#bytes.set(source.subarray(at, at + bytes), first);
      covered.fill(1, first / unit, (first + bytes) / unit);
    });
  }

  #reserve(bytes: number): void {
    if (this.#bytes.length >= bytes) return;
    const size = Math.ceil(bytes / wordBytes) * wordBytes;
    const memory = new ArrayBuffer(size);
    this.#bytes = new Uint8Array(memory);
    this.#words = new Int32Array(memory);
    this.#covered = new Uint8Array(size);
  }
}

/** Copying a longer piece by `set` takes less time than word by word. */
const longBytes = 256;

/** The byte behind the last one of all pieces. */
function endOf(lists: readonly Float64Array[]): number {
  let end = 0;
  for (const runs of lists) {
    const last = runs.length - numbersOfRun;
    if (last < 0) continue;
    const [offset, bytes, step, count] = runs.subarray(last) as unknown as [number, number, number, number];
    end = Math.max(end, offset + (count - 1) * step + bytes);
  }
  return end;
}

function isAligned(runs: Float64Array): boolean {
  return runs.every((each, i) => i % numbersOfRun === 3 || each % wordBytes === 0);
}

/** The bytes as words, where they lie at a multiple of 4. */
function wordsOf(bytes: Uint8Array): Int32Array | undefined {
  if (bytes.byteOffset % wordBytes !== 0 || bytes.byteLength % wordBytes !== 0) return undefined;
  return new Int32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / wordBytes);
}
