import { invalid, show } from "../calls/check.ts";
import { isBlock } from "../calls/regions/block.ts";
import { RegionBytes } from "../calls/regions/region-bytes.ts";
import { isTypedArray, type TypedArray } from "../calls/typed-array.ts";
import type { FileData } from "./parallel-file.ts";

/** The memory that a call reads or fills, as bytes one after the other. */
export interface Content {
  readonly bytes: number;
  /** Bytes of an element; of text, 1. */
  readonly size: number;
  /** The bytes `first` to `last`; may be those of the caller, may be a copy. */
  take(first: number, last: number): Uint8Array;
  /** Memory for the bytes `first` to `last`; may be the caller's own. What is read into it is handed to {@link put}. */
  room(first: number, last: number): Uint8Array;
  /** Fills the bytes from `first` on. */
  put(first: number, bytes: Uint8Array): void;
}

/** @throws MpiError `invalid-argument` for other values */
export function contentOf(data: FileData): Content {
  if (isBlock(data)) {
    const { contiguous } = data;
    if (contiguous !== undefined) return new Dense(contiguous);
    return new Scattered(new RegionBytes(data), data.array.BYTES_PER_ELEMENT);
  }
  if (isTypedArray(data) || data instanceof DataView) return new Dense(data);
  if (typeof data === "string") return new Dense(Buffer.from(data));
  if (data instanceof ArrayBuffer) return new Dense(new Uint8Array(data));
  throw invalid(`the data is ${show(data)}, but it is a typed array, a block of one, a Buffer or a string`);
}

class Dense implements Content {
  readonly bytes: number;
  readonly size: number;
  readonly #all: Uint8Array;

  constructor(view: TypedArray | DataView) {
    this.#all = new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
    this.bytes = view.byteLength;
    this.size = isTypedArray(view) ? view.BYTES_PER_ELEMENT : 1;
  }

  take(first: number, last: number): Uint8Array {
    return this.#all.subarray(first, last);
  }

  room(first: number, last: number): Uint8Array {
    return this.take(first, last);
  }

  put(first: number, bytes: Uint8Array): void {
    const isThere = this.#all.buffer === bytes.buffer && this.#all.byteOffset + first === bytes.byteOffset;
    if (!isThere) this.#all.set(bytes, first);
  }
}

/** A region's bytes are copied in whole elements; a part of one is cut from them. */
class Scattered implements Content {
  readonly bytes: number;
  readonly size: number;
  readonly #region: RegionBytes;

  constructor(region: RegionBytes, size: number) {
    this.#region = region;
    this.bytes = region.length;
    this.size = size;
  }

  take(first: number, last: number): Uint8Array {
    const from = first - (first % this.size);
    const until = Math.ceil(last / this.size) * this.size;
    return this.#region.slice(from, until).subarray(first - from, last - from);
  }

  room(first: number, last: number): Uint8Array {
    return new Uint8Array(last - first);
  }

  put(first: number, bytes: Uint8Array): void {
    const last = first + bytes.length;
    if (first % this.size === 0 && last % this.size === 0) {
      this.#region.set(bytes, first);
      return;
    }
    const from = first - (first % this.size);
    const whole = this.take(from, Math.ceil(last / this.size) * this.size);
    whole.set(bytes, first - from);
    this.#region.set(whole, from);
  }
}
