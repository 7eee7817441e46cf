import { Instance } from "../../wasm/module.ts";
import type { WordList } from "../../wire/word-list.ts";
import type { System } from "../libc.ts";

/**
 * The memory of a WebAssembly module, over whose pages files are mapped: what ranks share can then be polled by a loop that
 * V8 has compiled before its first turn. A loop in JavaScript would be what V8 compiles first, on the CPU that the other
 * rank needs.
 *
 * ```text
 * byte 0    list of words to look at     4096    results     135168    file | file | file ...     each at a multiple of 4096
 * ```
 * Where there is no WebAssembly, or no room left, a file is mapped elsewhere, and JavaScript polls it.
 */
export class Arena implements WordList {
  readonly system: System;
  readonly #instance: Instance | undefined;
  readonly #pairs: Int32Array | undefined;
  /** Where the next file goes, and places that are free again, by their sizes. */
  #next = pageBytes + scratchBytes;
  readonly #free: Map<number, number[]> = new Map();
  #count = 0;
  /** A word cannot be polled here. */
  #isPartial = false;

  /** @param bytes how much is going to be mapped */
  constructor(system: System, bytes: number) {
    this.system = system;
    try {
      this.#instance = new Instance(pageBytes + scratchBytes + bytes);
      this.#pairs = new Int32Array(this.#instance.memory, 0, pageBytes / 4);
    } catch {
      this.#instance = undefined; // `--jitless`, or a small `ulimit -v`
    }
  }

  /** See {@link System.map}. */
  map(path: string, bytes: number): Uint8Array<ArrayBuffer> {
    const place = this.#take(bytes);
    try {
      return this.system.map(path, bytes, place);
    } catch (error) {
      if (place !== undefined) this.#give(place);
      throw error;
    }
  }

  /** The module in whose memory this was mapped; undefined if it was mapped elsewhere. */
  instanceOf(memory: Uint8Array): Instance | undefined {
    return memory.buffer === this.#instance?.memory ? this.#instance : undefined;
  }

  /** Memory of the module for results. */
  scratchOf({ memory }: Instance): Uint8Array<ArrayBuffer> {
    return new Uint8Array(memory, pageBytes, scratchBytes);
  }

  unmap(memory: Uint8Array<ArrayBuffer>): void {
    if (this.instanceOf(memory) === undefined) this.system.unmap(memory);
    else {
      this.system.restore(memory);
      this.#give(memory);
    }
  }

  /** Begins a new list of words. */
  clear(): void {
    this.#count = 0;
    this.#isPartial = false;
  }

  add(words: Int32Array, index: number, seen: number): void {
    const pairs = this.#pairs;
    const at = 2 * this.#count;
    if (pairs === undefined || words.buffer !== pairs.buffer || at === pairs.length) {
      this.#isPartial = true;
      return;
    }
    pairs[at] = words.byteOffset + 4 * index;
    pairs[at + 1] = seen;
    this.#count++;
  }

  /** Looks at each word so many times. True when one has changed, or when there are words that have to be polled otherwise. */
  look(times: number): boolean {
    const instance = this.#instance;
    return this.#isPartial || instance === undefined || instance.exports.watch(0, this.#count, times) !== 0;
  }

  #take(bytes: number): Uint8Array<ArrayBuffer> | undefined {
    if (this.#instance === undefined) return undefined;
    const { memory } = this.#instance;
    const pages = wholePages(bytes);
    let start = this.#free.get(pages)?.pop();
    if (start === undefined) {
      start = this.#next;
      if (start + pages > memory.byteLength) return undefined;
      this.#next += pages;
    }
    return new Uint8Array(memory, start, bytes);
  }

  #give({ byteOffset, byteLength }: Uint8Array): void {
    const pages = wholePages(byteLength);
    const places = this.#free.get(pages) ?? [];
    this.#free.set(pages, [...places, byteOffset]);
  }
}

export const pageBytes = 4096;
/** For the results of reductions on boards. */
const scratchBytes = 128 * 1024;

/** Bytes of the pages that a file of so many bytes takes. */
function wholePages(bytes: number): number {
  return Math.ceil(bytes / pageBytes) * pageBytes;
}
