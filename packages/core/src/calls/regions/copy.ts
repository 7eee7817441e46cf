import type { TypedArray } from "../typed-array.ts";
import type { Layout } from "./layout.ts";

/**
 * The memory of a typed array as words that are copied unchanged. 64-bit integers are pairs of words: as numbers their bits could
 * be taken for a NaN, of which JavaScript may change the payload.
 */
export interface Words {
  readonly array: Word;
  /** Words of an element. */
  readonly each: 1 | 2;
}

/** Four kinds of arrays: V8 compiles one loop for so many, and no more. */
type Word = Uint8Array | Uint16Array | Int32Array | Float64Array;

/** Words for the elements of `like` in so many bytes of a buffer; default: its own. */
export function wordsOf(
  like: TypedArray,
  buffer: ArrayBufferLike = like.buffer,
  offset: number = like.byteOffset,
  bytes: number = like.byteLength,
): Words {
  const size = like.BYTES_PER_ELEMENT;
  if (size === 1) return { array: new Uint8Array(buffer, offset, bytes), each: 1 };
  if (size === 2) return { array: new Uint16Array(buffer, offset, bytes / 2), each: 1 };
  if (like instanceof Float64Array) return { array: new Float64Array(buffer, offset, bytes / 8), each: 1 };
  return { array: new Int32Array(buffer, offset, bytes / 4), each: size === 8 ? 2 : 1 };
}

/** Shorter lines are copied element by element: making two views of them takes as long as copying so many. */
const fewElements = 48;

/** Copies the elements `from` to `until` of a region of `source` to `target`, from its element `at` on, one after the other. */
export function gatherElements(
  layout: Layout,
  source: Words,
  from: number,
  until: number,
  target: Words,
  at: number,
): void {
  const { each } = source;
  layout.lines(from, until, (place, step, count, done) => {
    if (step === 1 && count > fewElements) {
      target.array.set(source.array.subarray(place * each, (place + count) * each), (at + done) * each);
    } else if (each === 1) gatherApart(source.array, place, step, target.array, at + done, count);
    else copyPairs(source.array, place, step, target.array, at + done, 1, count);
  });
}

/** The reverse: copies elements of `source` that follow each other, from its element `at` on, into the region of `target`. */
export function scatterElements(
  layout: Layout,
  target: Words,
  from: number,
  until: number,
  source: Words,
  at: number,
): void {
  const { each } = target;
  layout.lines(from, until, (place, step, count, done) => {
    if (step === 1 && count > fewElements) {
      target.array.set(source.array.subarray((at + done) * each, (at + done + count) * each), place * each);
    } else if (each === 1) scatterApart(source.array, at + done, target.array, place, step, count);
    else copyPairs(source.array, at + done, 1, target.array, place, step, count);
  });
}

/** `to[at + i] = from[place + i * step]`. Four at a time: their cache misses overlap, which takes 5 us for 4000 instead of 7.5. */
function gatherApart(from: Word, place: number, step: number, to: Word, at: number, count: number): void {
  let i = 0;
  let source = place;
  for (; i + 4 <= count; i += 4, source += 4 * step) {
    to[at + i] = from[source] as number;
    to[at + i + 1] = from[source + step] as number;
    to[at + i + 2] = from[source + 2 * step] as number;
    to[at + i + 3] = from[source + 3 * step] as number;
  }
  for (; i < count; i++, source += step) to[at + i] = from[source] as number;
}

/** `to[place + i * step] = from[at + i]`, likewise. */
function scatterApart(from: Word, at: number, to: Word, place: number, step: number, count: number): void {
  let i = 0;
  let target = place;
  for (; i + 4 <= count; i += 4, target += 4 * step) {
    to[target] = from[at + i] as number;
    to[target + step] = from[at + i + 1] as number;
    to[target + 2 * step] = from[at + i + 2] as number;
    to[target + 3 * step] = from[at + i + 3] as number;
  }
  for (; i < count; i++, target += step) to[target] = from[at + i] as number;
}

/** The same for elements of two words. */
function copyPairs(from: Word, at: number, step: number, to: Word, toAt: number, toStep: number, count: number): void {
  for (let i = 0, source = 2 * at, target = 2 * toAt; i < count; i++, source += 2 * step, target += 2 * toStep) {
    to[target] = from[source] as number;
    to[target + 1] = from[source + 1] as number;
  }
}
