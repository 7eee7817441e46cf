import { withArticle } from "./check.ts";
import { MpiError } from "./errors.ts";
import { type ArrayOrBlock, isBlock } from "./regions/block.ts";
import { Layout } from "./regions/layout.ts";
import { isTypedArray, kindOf, type TypedArray } from "./typed-array.ts";

/**
 * Copies typed arrays, one behind the other in the order of ranks, into the caller's `into`.
 *
 * @throws MpiError `mismatch` when the types differ or `into` is too short. Nothing is written then.
 */
export function fill<A extends ArrayOrBlock>(into: A, parts: readonly unknown[]): A {
  checkRoom(into, parts);
  let at = 0;
  for (const part of parts as TypedArray[]) {
    if (isBlock(into)) into.scatter(at, at + part.length, part, 0);
    // The union of eleven kinds of arrays cannot express that both sides are of the same kind.
    else if (part !== into) (into as unknown as Float64Array).set(part as Float64Array, at);
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
export function checkRoom(into: ArrayOrBlock | undefined, parts: readonly unknown[]): void {
  if (into === undefined) return; // hot callers check this before they make a list
  const kind = kindOf(arrayOf(into));
  let length = 0;
  for (const part of parts) {
    if (!isTypedArray(part) || kindOf(part) !== kind) {
      const what = isTypedArray(part) ? withArticle(kindOf(part)) : "not a typed array";
      const where = isBlock(into) ? `a block of ${withArticle(kind)}` : withArticle(kind);
      throw new MpiError("mismatch", `the data is ${what}, but \`into\` is ${where}`);
    }
    length += part.length;
  }
  if (length > into.length) {
    throw new MpiError("mismatch", `the data has ${length} elements, but \`into\` has room for ${into.length}`);
  }
}

/** Whether two arrays or blocks have an element in common. */
export function overlaps(one: ArrayBufferView | ArrayOrBlock, other: ArrayBufferView | ArrayOrBlock): boolean {
  const mine = viewOf(one);
  const theirs = viewOf(other);
  if (
    mine.buffer !== theirs.buffer ||
    mine.byteOffset >= theirs.byteOffset + theirs.byteLength ||
    theirs.byteOffset >= mine.byteOffset + mine.byteLength
  )
    return false;
  return isBlock(one) || isBlock(other) ? regionsMeet(one, other, mine, theirs) : true;
}

function regionsMeet(
  one: ArrayBufferView | ArrayOrBlock,
  other: ArrayBufferView | ArrayOrBlock,
  mine: ArrayBufferView,
  theirs: ArrayBufferView,
): boolean {
  if (!isTypedArray(mine) || !isTypedArray(theirs)) return true;
  const bytes = mine.BYTES_PER_ELEMENT;
  const shift = (mine.byteOffset - theirs.byteOffset) / bytes;
  if (bytes !== theirs.BYTES_PER_ELEMENT || !Number.isInteger(shift)) return true;
  return layoutOf(one, mine.length).meets(layoutOf(other, theirs.length), shift);
}

function layoutOf(elements: unknown, length: number): Layout {
  return isBlock(elements) ? elements.layout : new Layout({ shape: [length] });
}

function viewOf(elements: ArrayBufferView | ArrayOrBlock): ArrayBufferView {
  return isBlock(elements) ? elements.array : (elements as ArrayBufferView);
}

function arrayOf(elements: ArrayOrBlock): TypedArray {
  return isBlock(elements) ? elements.array : (elements as TypedArray);
}

/** The result of a call: in the caller's `into`, if given. */
export function delivered<T>(value: unknown, into: ArrayOrBlock | undefined): T {
  return (into === undefined ? value : fill(into, [value])) as T;
}
