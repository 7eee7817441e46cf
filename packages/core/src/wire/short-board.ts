import type { TypedArray } from "../calls/typed-array.ts";
import type { ShortValue } from "./codec/codec.ts";

/**
 * The shortest way of collectives on a {@link Board}: posts of one small value, which end within some microseconds. A
 * rank that has posted here can go on the usual way, where the others find what they expect.
 *
 * Posts are numbered as on the board. `length` is the number of bytes of an array.
 */
export interface ShortBoard {
  /** Posts a value, or only that this rank has come. False, and nothing is posted, where there is no room for it. */
  post(number: number, signature: number, value: ShortValue | undefined): boolean;
  /** Whether the posts of these ranks are there, each with a value, within some microseconds. */
  awaitValues(number: number, signature: number, first: number, last: number): boolean;
  /** The same for posts without a value, of all ranks. */
  awaitAll(number: number, signature: number): boolean;
  /** Whether no rank has posted for another collective in place of this one. */
  agrees(number: number, signature: number): boolean;
  /** The number that a rank has posted; undefined if it is another value. */
  numberOf(rank: number, number: number): number | undefined;
  /** The value that a rank has posted; {@link notThere} if it has to be read in the usual way. */
  valueOf(rank: number, number: number): unknown;
  /** How many elements the array that a rank has posted has; undefined if it is no array like `into`. */
  lengthOf(rank: number, number: number, into: TypedArray): number | undefined;
  /** Copies that array to `into` from element `at` on, where it fits. */
  copyInto(rank: number, number: number, into: TypedArray, at: number): void;
  /** The place of the array that a rank has posted, for {@link combine}; -1 unless it has this kind and this length. */
  arrayOf(rank: number, number: number, like: TypedArray): number;
  /**
   * Combines two arrays in WebAssembly. `a` and `b` are places; returns that of the result, which is in memory number
   * `slot` until the next collective.
   */
  combine(operation: number, kind: number, a: number, b: number, slot: number, length: number): number;
  /** Copies a result to `into`. */
  result(place: number, length: number, into: TypedArray): void;
}
