import { Memory } from "../../wire/packet.ts";
import { load } from "./load.ts";

/**
 * A queue of bytes between one writer and one reader who share memory. Neither ever waits for the other.
 *
 * ```text
 * byte 0       64      128 ...                                        (cache lines of their own: no false sharing)
 *      written  read    record record record ... (free) ... record record
 *                                           ^written           ^read
 * record: [length u32][kind u32][bytes ... up to a multiple of 8]
 * ```
 * `written` and `read` count all bytes ever, modulo 2^32. A record becomes visible when `written` passes it, so a writer
 * that is killed in the middle of one has written nothing.
 */
export class Ring {
  /** Bytes before the records. */
  static readonly headerBytes = 128;
  readonly #counters: Int32Array;
  /** Where the records are. */
  readonly memory: Memory;
  /** The same as bytes, as words and as numbers: records begin at multiples of 8 bytes. */
  readonly bytes: Buffer;
  readonly words: Uint32Array;
  readonly numbers: Float64Array;
  readonly capacity: number;
  /** This side's own counter, and the last value seen of the other's: looked up only when it seems not to suffice. */
  #written: number;
  #read: number;
  /** What the writer has been told of `read`: not each record, while there are more. */
  #told: number;
  #quarter = 0;

  /** `memory` has {@link headerBytes} and a power of two of bytes for records; all zero when new. */
  constructor(memory: ArrayBuffer) {
    this.capacity = memory.byteLength - Ring.headerBytes;
    this.#counters = new Int32Array(memory, 0, Ring.headerBytes / 4);
    this.memory = new Memory(memory, Ring.headerBytes);
    this.bytes = this.memory.bytes;
    this.words = new Uint32Array(memory, Ring.headerBytes);
    this.numbers = new Float64Array(memory, Ring.headerBytes);
    this.#written = load(this.#counters, slots.written);
    this.#read = load(this.#counters, slots.read);
    this.#told = this.#read;
  }

  /** Position of the next record's bytes for `length` of them, or -1 when there is no room now. Then fill, then {@link commit}. */
  reserve(length: number): number {
    const size = recordBytes(length);
    const at = this.#offset(this.#written);
    const toEnd = this.capacity - at;
    const needed = toEnd < size ? toEnd + size : size; // a record is never cut: what is left at the end is skipped
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

  /** Whether records of so many bytes altogether, each of at most `largest`, have room now, one after the other. */
  holds(bytes: number, count: number, largest: number): boolean {
    // At the end of the memory a record may be skipped once.
    return this.#hasRoom(bytes + count * (recordHeader + 7) + recordBytes(largest));
  }

  /** How many bytes a record could take now, up to `most`. */
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

  /** Whether a sixteenth of it is free. */
  get isSpacious(): boolean {
    return this.#hasRoom(this.capacity / 16);
  }

  /** Takes the oldest record: `take(kind, position, length)` must be done with the bytes when it returns. */
  read(take: (kind: number, position: number, length: number) => void): boolean {
    while (this.pending) {
      const at = this.#offset(this.#read);
      const length = this.words[at >> 2] as number;
      const kind = this.words[(at >> 2) + 1] as number;
      if (kind !== skipped) take(kind, at + recordHeader, length);
      this.#read = (this.#read + recordBytes(length)) | 0;
      if (this.#read === this.#written || ((this.#read - this.#told) | 0) >= this.capacity / 16) {
        this.#told = this.#read;
        Atomics.store(this.#counters, slots.read, this.#read);
      }
      if (kind !== skipped) return true;
    }
    return false;
  }

  /**
   * Whether there is something to read: one load, for the loop that looks at many rings. None while the reader has not come
   * to the end of what it saw the last time: to look at the counter of a busy writer takes its cache line from it.
   */
  get pending(): boolean {
    if (this.#written === this.#read) this.#written = load(this.#counters, slots.written);
    return this.#written !== this.#read;
  }

  /** Bytes written so far, and whether the reader has come past such a position. */
  get written(): number {
    return this.#written;
  }

  hasPassed(position: number): boolean {
    return ((load(this.#counters, slots.read) - position) | 0) >= 0;
  }

  /** A word for the two sides to agree on something once: 0 until somebody sets it. */
  get note(): number {
    return load(this.#counters, slots.note);
  }

  set note(value: number) {
    Atomics.store(this.#counters, slots.note, value);
  }

  /**
   * Whether the writer waits for the room that reading has made. True once per wait; looked up at the end of what has been
   * seen and after each quarter of the ring, for it is in the busy writer's cache line, too.
   */
  takeStarved(): boolean {
    const quarter = Math.floor((this.#read >>> 0) / (this.capacity / 4));
    if (this.#written !== this.#read && quarter === this.#quarter) return false;
    this.#quarter = quarter;
    if (load(this.#counters, slots.starved) === 0) return false;
    this.starved = false;
    return true;
  }

  /** The writer waits for room and wants to be woken. */
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

/** Words of the header: the first cache line is the writer's, the second the reader's. */
const slots = { written: 0, starved: 1, read: 16, note: 17 } as const;
const recordHeader = 8;
const skipped = 0;

function recordBytes(length: number): number {
  return (recordHeader + length + 7) & ~7;
}
