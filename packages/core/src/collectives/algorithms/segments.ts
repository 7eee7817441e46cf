import { MpiError } from "../../calls/errors.ts";
import { describe, emptyLike, isTypedArray, type TypedArray } from "../../calls/typed-array.ts";

/** Views of `count` consecutive segments whose lengths differ by at most one, the longer ones first. */
export function segments<A extends TypedArray>(array: A, count: number): A[] {
  const short = Math.floor(array.length / count);
  const longer = array.length % count;
  return Array.from({ length: count }, (_, i) => {
    const from = i * short + Math.min(i, longer);
    return array.subarray(from, from + short + (i < longer ? 1 : 0)) as A;
  });
}

/** A new array that concatenates the decoded segments. */
export function join<A extends TypedArray>(like: A, parts: readonly unknown[]): A {
  const whole = emptyLike(like);
  let at = 0;
  for (const part of parts) {
    if (!isTypedArray(part) || at + part.length > whole.length) {
      throw new MpiError("mismatch", `${describe(part)} is no part of ${describe(like)}: ranks must give the same`);
    }
    // One signature for all kinds: the union of them cannot say that both sides are of the same one.
    (whole as Float64Array).set(part as Float64Array, at);
    at += part.length;
  }
  return whole;
}
