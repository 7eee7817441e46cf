import { isTypedArray, type TypedArray } from "../../calls/typed-array.ts";
import { Excerpt } from "../packet.ts";
import { sampleArray } from "./losses.ts";
import { Form } from "./parcel.ts";
import { fits, isBytes, kindOf } from "./typed-arrays.ts";
import { encodeSmall } from "./write-small.ts";

/** Memory in which the bytes behind a form lie at a multiple of 8, so that numbers are read and written in place. */
export interface AlignedMemory {
  readonly bytes: Uint8Array;
  readonly numbers: Float64Array;
  /** The memory as an array of this kind. */
  arrayOf(kind: number): TypedArray;
}

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

/** Copies the array there to the beginning of `into`, if it has the same type and fits. False otherwise. */
export function shortInto(memory: AlignedMemory, at: number, length: number, into: TypedArray): boolean {
  const kind = (memory.bytes[at] as number) - Form.rawInHead;
  if (!fits(into, kind) || length - 1 > into.byteLength) return false;
  const from = memory.arrayOf(kind) as Float64Array;
  const size = into.BYTES_PER_ELEMENT;
  const first = (at + 1) / size;
  const count = (length - 1) / size;
  if (count > few) into.set(from.subarray(first, first + count) as never);
  else for (let i = 0; i < count; i++) into[i] = from[first + i] as number;
  return true;
}

/** Making a view takes longer. */
const few = 16;
