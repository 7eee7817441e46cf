import { invalid } from "./check.ts";
import type { TypedArray } from "./op.ts";

/**
 * Cuts an array into `count` consecutive parts whose lengths differ by at most one, the longer ones first: what
 * `scatter` wants. Parts may be empty. Typed arrays are cut into views, without copying.
 *
 * ```ts
 * chunks([1, 2, 3, 4, 5], 2)   // [[1, 2, 3], [4, 5]]
 * ```
 * @throws MpiError `invalid-argument` unless `count` is a whole number from 1.
 */
export function chunks<A extends TypedArray>(array: A, count: number): A[];
export function chunks<T>(array: Iterable<T>, count: number): T[][];
export function chunks(array: Iterable<unknown> | TypedArray, count: number): unknown[] {
  if (!Number.isInteger(count) || count < 1) throw invalid(`chunks(array, ${count}): count is a whole number from 1`);
  const whole = ArrayBuffer.isView(array) ? (array as Float64Array) : [...array];
  const short = Math.floor(whole.length / count);
  const longer = whole.length % count;
  return Array.from({ length: count }, (_, i) => {
    const from = i * short + Math.min(i, longer);
    const to = from + short + (i < longer ? 1 : 0);
    return Array.isArray(whole) ? whole.slice(from, to) : whole.subarray(from, to);
  });
}
