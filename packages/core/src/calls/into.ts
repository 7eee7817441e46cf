import { withArticle } from "./check.ts";
import { MpiError } from "./errors.ts";
import { isTypedArray, kindOf, type TypedArray } from "./typed-array.ts";

/**
 * Copies typed arrays, one behind the other in the order of ranks, into the caller's `into`.
 *
 * @throws MpiError `mismatch` when the types differ or `into` is too short. Nothing is written then.
 */
export function fill<A extends TypedArray>(into: A, parts: readonly unknown[]): A {
  checkRoom(into, parts);
  let at = 0;
  for (const part of parts as A[]) {
    // The union of eleven kinds of arrays cannot express that both sides are of the same kind.
    if ((part as TypedArray) !== into) (into as Float64Array).set(part as Float64Array, at);
    at += part.length;
  }
  return into;
}

/**
 * Checks whether the caller's `into` has room for these arrays, one behind the other. A rank checks before it sends
 * anything, so that the other ranks fail with it.
 *
 * @throws MpiError `mismatch` when the types differ or `into` is too short.
 */
export function checkRoom(into: TypedArray | undefined, parts: readonly unknown[]): void {
  if (into === undefined) return; // hot callers check this before they make a list
  let length = 0;
  for (const part of parts) {
    if (!isTypedArray(part) || kindOf(part) !== kindOf(into)) {
      const what = isTypedArray(part) ? withArticle(kindOf(part)) : "not a typed array";
      throw new MpiError("mismatch", `the data is ${what}, but \`into\` is ${withArticle(kindOf(into))}`);
    }
    length += part.length;
  }
  if (length > into.length) {
    throw new MpiError("mismatch", `the data has ${length} elements, but \`into\` has room for ${into.length}`);
  }
}

/** Whether two arrays share memory. */
export function overlaps(one: ArrayBufferView, other: ArrayBufferView): boolean {
  return (
    one.buffer === other.buffer &&
    one.byteOffset < other.byteOffset + other.byteLength &&
    other.byteOffset < one.byteOffset + one.byteLength
  );
}

/** The result of a call: in the caller's `into`, if given. */
export function delivered<T>(value: unknown, into: TypedArray | undefined): T {
  return (into === undefined ? value : fill(into, [value])) as T;
}
