import type { Instance } from "../../wasm/module.ts";
import { AlignedMemory } from "../../wire/codec/codec.ts";
import { Memory } from "../../wire/packet.ts";
import type { WordList } from "../../wire/word-list.ts";
import { load } from "./load.ts";

/**
 * Single-producer, single-consumer byte queue in shared memory. Wait-free for both.
 *
 * ```text
 * byte 0       64      128 ...                                        (cache lines of their own: no false sharing)
 *      written  read    record record record ... (free) ... record record
 *                                           ^written           ^read
 * record: [length u32][kind u32][bytes ... up to a multiple of 8]
 * ```
 * `written` and `read` count all bytes ever, modulo 2^32. A record becomes visible when `written` passes it, so a
 * writer that is killed in the middle of a record has written nothing.
 */
export class Ring {
  /** Bytes before the records. */
  static readonly headerBytes = 128;
  readonly #counters: Int32Array;
  readonly #address: number;
  /** The memory of the records. */
  readonly memory: Memory;
  /** The same memory in other views. Records begin at multiples of 8 bytes. */
  readonly bytes: Buffer;
  readonly words: Uint32Array;
  readonly aligned: AlignedMemory;
  readonly numbers: Float64Array;
  readonly capacity: number;
  /**
   * This side's own counter, and the last known value of the other side's. That one is read again only when it does not
   * suffice.
   */
  #written: number;
  #read: number;
  /** The value of `read` that the writer can see. Not updated for each record while there are more. */
  #told: number;
  #quarter = 0;

  /** `memory` has {@link headerBytes} and a power of two of bytes for records; all zero when new. */
  constructor(memory: Uint8Array<ArrayBuffer>) {
    const { buffer, byteOffset, byteLength } = memory;
    const start = byteOffset + Ring.headerBytes;
    this.#address = byteOffset;
    this.capacity = byteLength - Ring.headerBytes;
    this.#counters = new Int32Array(buffer, byteOffset, Ring.headerBytes / 4);
    this.memory = new Memory(memory, Ring.headerBytes);
    this.bytes = this.memory.bytes;
    this.words = new Uint32Array(buffer, start, this.capacity >> 2);
    this.aligned = new AlignedMemory(this.bytes);
    this.numbers = this.aligned.numbers;
    this.#written = load(this.#counters, slots.written);
    this.#read = load(this.#counters, slots.read);
    this.#told = this.#read;
  }

  /** Position of a new record of `length` bytes, or -1 when there is no room. Fill it, then {@link commit}. */
  reserve(length: number): number {
    const size = recordBytes(length);
    const at = this.#written & (this.capacity - 1);
    const toEnd = this.capacity - at;
    const needed = toEnd < size ? toEnd + size : size; // a record is never split: the rest at the end is skipped
    if (!this.#hasRoom(needed)) return -1;
    if (toEnd < size) {
      this.words[at >> 2] = toEnd - recordHeader;
      this.words[(at >> 2) + 1] = skipped;
      this.#written = (this.#written + toEnd) | 0;
      return recordHeader;
    }
    return at + recordHeader;
  }

  /** Makes the record at `position` visible to the reader. */
  commit(position: number, length: number, kind: number): void {
    const word = (position - recordHeader) >> 2;
    this.words[word] = length;
    this.words[word + 1] = kind;
    this.#written = (this.#written + recordBytes(length)) | 0;
    Atomics.store(this.#counters, slots.written, this.#written);
  }

  /** Whether `count` records of `bytes` bytes altogether, each of at most `largest`, fit now. */
  holds(bytes: number, count: number, largest: number): boolean {
    // At the end of the memory a record may be skipped once.
    return this.#hasRoom(bytes + count * (recordHeader + 7) + recordBytes(largest));
  }

  /** How many bytes a record could have now, up to `most`. */
  room(most: number): number {
    const at = this.#offset(this.#written);
    const toEnd = this.capacity - at;
    this.#read = load(this.#counters, slots.read);
    const free = this.capacity - ((this.#written - this.#read) >>> 0);
    return Math.max(
      0,
      Math.min(most, toEnd > recordHeader ? Math.min(toEnd, free) - recordHeader : free - toEnd - recordHeader) & ~7,
    );
  }

  /** Whether a sixteenth of the ring is free. */
  get isSpacious(): boolean {
    return this.#hasRoom(this.capacity / 16);
  }

  /** Takes the oldest record. `take(kind, position, length)` must be done with the bytes when it returns. */
  read(take: (kind: number, position: number, length: number) => void): boolean {
    while (this.pending) {
      const at = this.#offset(this.#read);
      const length = this.words[at >> 2] as number;
      const kind = this.words[(at >> 2) + 1] as number;
      if (kind !== skipped) take(kind, at + recordHeader, length);
      this.#pass(length);
      if (kind !== skipped) return true;
    }
    return false;
  }

  /**
   * Waits some microseconds for the next record. Its position, if it is that message, for {@link pass}; otherwise -1,
   * and the ring is to be {@link read}. For a ring in the memory of `instance`.
   */
  awaitMessage({ exports }: Instance, context: number, tag: number, sequence: number, looks: number): number {
    const read = this.#read;
    const written = exports.awaitMessage(this.#address, this.capacity, read, context, tag, sequence, looks);
    if (written === read) return -1;
    this.#written = written;
    return (read & (this.capacity - 1)) + recordHeader;
  }

  /** The kind of the record at `position`. */
  kindAt(position: number): number {
    return this.words[(position - recordHeader + 4) >> 2] as number;
  }

  /** The reader is done with the record at `position`. */
  pass(position: number): void {
    this.#pass(this.words[(position - recordHeader) >> 2] as number);
  }

  #pass(length: number): void {
    this.#read = (this.#read + recordBytes(length)) | 0;
    if (this.#read === this.#written || ((this.#read - this.#told) | 0) >= this.capacity / 16) {
      this.#told = this.#read;
      Atomics.store(this.#counters, slots.read, this.#read);
    }
  }

  /**
   * Whether there is something to read. One load at most, because it is polled for many rings. No load while the reader
   * has not reached the end of what it last saw: reading the counter of a busy writer takes its cache line away.
   */
  get pending(): boolean {
    if (this.#written === this.#read) this.#written = load(this.#counters, slots.written);
    return this.#written !== this.#read;
  }

  /** Adds what a reader that has read everything waits for. */
  watchWritten(list: WordList): void {
    list.add(this.#counters, slots.written, this.#read);
  }

  /** Adds what a writer without room waits for. */
  watchRead(list: WordList): void {
    list.add(this.#counters, slots.read, this.#read);
  }

  /** How many bytes have been written so far; and whether the reader has passed a position. */
  get written(): number {
    return this.#written;
  }

  hasPassed(position: number): boolean {
    return ((load(this.#counters, slots.read) - position) | 0) >= 0;
  }

  /** A word that the reader sets once and the writer reads; 0 until then. */
  get note(): number {
    return load(this.#counters, slots.note);
  }

  set note(value: number) {
    Atomics.store(this.#counters, slots.note, value);
  }

  /**
   * Whether the writer waits for room that was made by reading. True once per wait. Read at the end of the known
   * records and after each quarter of the ring, because the flag is in the busy writer's cache line.
   */
  takeStarved(): boolean {
    const quarter = Math.floor((this.#read >>> 0) / (this.capacity / 4));
    if (this.#written !== this.#read && quarter === this.#quarter) return false;
    this.#quarter = quarter;
    if (load(this.#counters, slots.starved) === 0) return false;
    this.starved = false;
    return true;
  }

  /** Set by the writer when it waits for room and must be woken. */
  set starved(waits: boolean) {
    Atomics.store(this.#counters, slots.starved, waits ? 1 : 0);
  }

  #hasRoom(bytes: number): boolean {
    if (this.capacity - ((this.#written - this.#read) >>> 0) >= bytes) return true;
    this.#read = load(this.#counters, slots.read);
    return this.capacity - ((this.#written - this.#read) >>> 0) >= bytes;
  }

  #offset(count: number): number {
    return count & (this.capacity - 1);
  }
}

/** Words of the header: the first cache line belongs to the writer, the second to the reader. */
const slots = { written: 0, starved: 1, read: 16, note: 17 } as const;
const recordHeader = 8;
const skipped = 0;

function recordBytes(length: number): number {
  return (recordHeader + length + 7) & ~7;
}
