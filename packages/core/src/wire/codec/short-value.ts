import { type ArrayBlock, type Elements, isBlock } from "../../calls/regions/block.ts";
import { isTypedArray, type TypedArray } from "../../calls/typed-array.ts";
import { Excerpt } from "../packet.ts";
import type { AlignedMemory } from "./aligned-memory.ts";
import { sampleArray } from "./losses.ts";
import { Form } from "./parcel.ts";
import { fits, isBytes, kindOf } from "./typed-arrays.ts";
import { encodeSmall } from "./write-small.ts";

/** A value as {@link writeShort} takes it. */
export type ShortValue = number | TypedArray | Excerpt;

/** The same value, ready to be written: a number, an array with elements, another small plain value; otherwise undefined. */
export function short(value: unknown): ShortValue | undefined {
  if (typeof value === "number") return value;
  if (typeof value !== "object" || value === null || !isBytes(value)) return encodeSmall(Form.plain, value);
  if (!isTypedArray(value) || value.byteLength === 0) return undefined;
  sampleArray(value);
  return value;
}

/** How many bytes it takes, encoded. */
export function shortBytes(value: ShortValue): number {
  if (typeof value === "number") return 9;
  return value instanceof Excerpt ? value.end - value.start : 1 + value.byteLength;
}

/** {@link encode} for these values: the form at `at`, which is one less than a multiple of 8. */
export function writeShort(memory: AlignedMemory, at: number, value: ShortValue): void {
  const { bytes } = memory;
  if (typeof value === "number") {
    bytes[at] = Form.number;
    memory.numbers[(at + 1) >> 3] = value;
  } else if (value instanceof Excerpt) {
    const { memory: from, start, end } = value;
    bytes.set(from.bytes.subarray(start, end), at);
  } else {
    const kind = kindOf(value);
    bytes[at] = Form.rawInHead | kind;
    (memory.arrayOf(kind) as Float64Array).set(value as Float64Array, (at + 1) / value.BYTES_PER_ELEMENT);
  }
}

/** The number there; undefined for another value. */
export function shortNumber(memory: AlignedMemory, at: number): number | undefined {
  return memory.bytes[at] === Form.number ? memory.numbers[(at + 1) >> 3] : undefined;
}

/** How many elements the array there has; undefined if it is no array of the type of `into`. */
export function shortLength(memory: AlignedMemory, at: number, bytes: number, into: TypedArray): number | undefined {
  return fits(into, (memory.bytes[at] as number) - Form.rawInHead) ? (bytes - 1) / into.BYTES_PER_ELEMENT : undefined;
}

/** Copies the array there to the beginning of `into`, if it has the same type and fits. False otherwise. */
export function shortInto(memory: AlignedMemory, at: number, bytes: number, into: Elements): boolean {
  if (isBlock(into)) return shortIntoBlock(memory, at, bytes, into);
  const length = shortLength(memory, at, bytes, into);
  if (length === undefined || length > into.length) return false;
  copyOut(memory, at + 1, length, into);
  return true;
}

function shortIntoBlock(memory: AlignedMemory, at: number, bytes: number, into: ArrayBlock): boolean {
  const { array } = into;
  const length = shortLength(memory, at, bytes, array);
  if (length === undefined || length > into.length) return false;
  into.scatter(0, length, memory.arrayOf(kindOf(array)) as TypedArray, (at + 1) / array.BYTES_PER_ELEMENT);
  return true;
}

/** Copies `count` elements from the byte `from` on to `into`, from element `first` on. */
export function copyOut(memory: AlignedMemory, from: number, count: number, into: TypedArray, first = 0): void {
  const source = memory.arrayOf(kindOf(into)) as Float64Array;
  const start = from / into.BYTES_PER_ELEMENT;
  if (count > few) (into as Float64Array).set(source.subarray(start, start + count), first);
  else for (let i = 0; i < count; i++) into[first + i] = source[start + i] as number;
}

/** Making a view takes longer. */
const few = 16;
