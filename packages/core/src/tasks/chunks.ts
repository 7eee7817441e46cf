import { invalid } from "../calls/check.ts";
import type { TypedArray } from "../calls/typed-array.ts";
import { range } from "./range.ts";

/**
 * Cuts an array into `count` consecutive parts whose lengths differ by at most one, the longer ones first: what
 * `scatter` wants. Parts may be empty. Typed arrays are cut into views, without copying.
 *
 * ```ts
 * chunks([1, 2, 3, 4, 5], 2)   // [[1, 2, 3], [4, 5]]
 * ```
 * @param array what to cut
 * @param count number of parts
 * @throws MpiError `invalid-argument` unless `count` is a whole number from 1.
 */
export function chunks<A extends TypedArray>(array: A, count: number): A[];
export function chunks<T>(array: Iterable<T>, count: number): T[][];
export function chunks(array: Iterable<unknown> | TypedArray, count: number): unknown[] {
  if (!Number.isInteger(count) || count < 1) throw invalid(`chunks(array, ${count}): count is a whole number from 1`);
  const whole = ArrayBuffer.isView(array) ? (array as Float64Array) : [...array];
  return Array.from({ length: count }, (_, i) => {
    const { start, end } = range(whole.length, count, i);
    return Array.isArray(whole) ? whole.slice(start, end) : whole.subarray(start, end);
  });
}
