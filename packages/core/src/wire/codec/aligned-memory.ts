import type { TypedArray } from "../../calls/typed-array.ts";
import { fromBytes } from "./typed-arrays.ts";

/** Memory that begins at a multiple of 8, as bytes, as numbers, and as arrays of each kind. Each view is made once. */
export class AlignedMemory {
  readonly bytes: Uint8Array;
  readonly numbers: Float64Array;
  readonly #arrays: TypedArray[] = [];

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.numbers = new Float64Array(bytes.buffer, bytes.byteOffset, bytes.byteLength >> 3);
  }

  /** The memory as an array of this kind (see `typed-arrays.ts`), and of whole elements. */
  arrayOf(kind: number): TypedArray {
    this.#arrays[kind] ??= fromBytes(kind, this.bytes) as TypedArray;
    return this.#arrays[kind];
  }
}
