import type { ArrayBlock } from "./block.ts";
import { gatherElements, scatterElements, type Words, wordsOf } from "./copy.ts";

/**
 * The bytes of a block's elements, as if they lay one after the other: copied in pieces from where they are to where they go,
 * without a copy of the whole between.
 */
export class RegionBytes {
  readonly block: ArrayBlock;
  readonly length: number;

  /** @param length how many bytes, from the first element on */
  constructor(block: ArrayBlock, length: number = block.byteLength) {
    this.block = block;
    this.length = length;
  }

  /** Copies the bytes `from` to `until`, whole elements, to `target` at `at`. */
  copyTo(target: Uint8Array, at: number, from: number = 0, until: number = this.length): void {
    const size = this.block.array.BYTES_PER_ELEMENT;
    const bytes = until - from;
    if ((target.byteOffset + at) % size === 0) {
      gatherElements(
        this.block.layout,
        this.block.words,
        from / size,
        until / size,
        this.#wordsAt(target, at, bytes),
        0,
      );
      return;
    }
    const aligned = new Uint8Array(bytes);
    this.copyTo(aligned, 0, from, until);
    target.set(aligned, at);
  }

  /** Copies bytes of whole elements into the region, from its byte `at` on. */
  set(bytes: Uint8Array, at: number = 0): void {
    const size = this.block.array.BYTES_PER_ELEMENT;
    if (bytes.byteOffset % size !== 0) {
      this.set(new Uint8Array(bytes), at);
      return;
    }
    const { length } = bytes;
    scatterElements(
      this.block.layout,
      this.block.words,
      at / size,
      (at + length) / size,
      this.#wordsAt(bytes, 0, length),
      0,
    );
  }

  /** The bytes `from` to `until` in memory of their own. */
  slice(from: number = 0, until: number = this.length): Uint8Array<ArrayBuffer> {
    const bytes = Buffer.allocUnsafeSlow(until - from);
    this.copyTo(bytes, 0, from, until);
    return bytes;
  }

  #wordsAt({ buffer, byteOffset }: Uint8Array, at: number, bytes: number): Words {
    return wordsOf(this.block.array, buffer, byteOffset + at, bytes);
  }
}

/** Copies the bytes `from` to `until` of an attachment, wherever they lie, to `target` at `at`. */
export function copyBytes(
  source: Uint8Array | RegionBytes,
  from: number,
  until: number,
  target: Uint8Array,
  at: number,
): void {
  if (source instanceof Uint8Array)
    target.set(from === 0 && until === source.length ? source : source.subarray(from, until), at);
  else source.copyTo(target, at, from, until);
}
