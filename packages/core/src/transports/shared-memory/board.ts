import { rmSync } from "node:fs";
import { MpiError } from "../../calls/errors.ts";
import { arrayBytesOnBoard, type Board, type Landing, post, type WriteValue } from "../../wire/board.ts";
import { copyHead, Excerpt, headBytes, Memory, type Packet } from "../../wire/packet.ts";
import type { WordList } from "../../wire/word-list.ts";
import type { System } from "../libc.ts";
import type { Arena } from "./arena.ts";
import { flag, markOf, placeBytes, shifted } from "./board-layout.ts";
import { load } from "./load.ts";
import type { PollBudget } from "./poll-budget.ts";
import { type Places, ShortPosts, type ShortWaiting } from "./short-posts.ts";

/** Another rank of the board. Wakes it if it sleeps. */
export interface Neighbor {
  wake(): void;
}

/** Bytes of one large post, which holds an array; none for many ranks. */
function largeBytesFor(size: number): number {
  return arrayBytesOnBoard(size) <= placeBytes ? 0 : arrayBytesOnBoard(size) + 256;
}
/** A rank that is further ahead than half as many collectives lends its arrays. */
const largePlaces = 8;
const line = 64;
/** Shorter chunks are copied into the post, also where the packet is lent. */
const inlineBytes = 32;

/**
 * The board of a communicator whose ranks are on one host: they post values for a collective and read those of the
 * others.
 *
 * ```text
 * sleepers u32, opened u32                              1: some ranks sleep             (a cache line)
 * through i32, reads u32, pid u32, address, value f64   of each rank                    (a cache line each)
 * [mark i32, signature u32] ...                         place 0, all ranks side by side: a cache line or two show which
 *                                                       ranks have posted; a flag in the signature: nothing but that
 *   ... for each place
 * [kind u32, n u32, bytes or table and bytes] ...       of place 0, all ranks side by side
 *   ... for each place
 * [kind u32, n u32, bytes or table and bytes] ...       of large place 0, all ranks side by side; a flag in the signature
 *   ... for each large place
 * ```
 * Each collective has two steps. Post number n is twice the number of its collective, plus the step. It goes to place n
 * modulo {@link placesFor}. It is there when its mark is n + 1. The mark is stored last: a rank that dies while writing
 * has therefore posted nothing. A post stays until all ranks are `through` with its collective.
 *
 * A table has the end of each part, counted from the table's end; the next part begins at a multiple of 4 bytes. Larger
 * packets stay in their rank's memory, if the kernel lets the others read it (`reads`: 1 yes, 2 no; each rank tries it
 * with the pid, address and value of another one). A part then is:
 * ```text
 * [n u32, -, (bytes f64, address f64) n times, bytes of those without address]     the packet's head and attachments
 * ```
 * This file is longer than others: moved, not polished, because its inside is being measured against another design.
 */
export class SharedBoard implements Board, Places {
  readonly #rank: number;
  readonly #size: number;
  readonly #neighbors: readonly Neighbor[];
  readonly #places: number;
  readonly #largeBytes: number;
  readonly #system: System;
  readonly #release: () => void;
  readonly address: number;
  readonly short: ShortPosts | undefined;
  readonly words: Int32Array;
  readonly #numbers: Float64Array;
  readonly memory: Memory;
  /** Index of the first word of each area. */
  readonly #marks: number;
  readonly #marksPerPlace: number;
  readonly #posts: number;
  readonly #largePosts: number;
  /** The lowest collective that this rank may still need, and those above it that it is done with; modulo 2^32. */
  #through: number;
  readonly #done: Set<number> = new Set();
  /** At the last check, all ranks were through with the collectives below this one. */
  #least: number;
  #isFull = false;
  slowest = 0;
  /** A number that other ranks read as a test; and whether this rank can read theirs. */
  readonly #probe: Float64Array = new Float64Array([Math.random()]);
  #reads: number = may.unknown;
  #lends: number = may.unknown;

  /**
   * The board lives in a file at `path`. The first rank to open it creates it; the last rank to open it removes the
   * file. The memory lasts as long as a rank has it mapped.
   */
  static open(
    arena: Arena,
    path: string,
    rank: number,
    size: number,
    neighbors: readonly Neighbor[],
    budget: PollBudget,
  ): SharedBoard {
    const memory = arena.map(path, SharedBoard.bytes(size));
    const words = new Int32Array(memory.buffer, memory.byteOffset, 2);
    if (Atomics.add(words, opened, 1) === size - 1) rmSync(path, { force: true });
    const instance = arena.instanceOf(memory);
    const waiting = instance && { instance, scratch: arena.scratchOf(instance), budget };
    return new SharedBoard(arena.system, memory, rank, size, neighbors, () => arena.unmap(memory), waiting);
  }

  static bytes(size: number): number {
    const large = largePlaces * largeBytesFor(size);
    return line + size * line + placesFor(size) * (marksBytes(size) + size * placeBytes) + size * large;
  }

  /**
   * `memory` has {@link bytes} bytes, all zero when new. `rank` is this rank's among the `size` ranks that share it.
   */
  constructor(
    system: System,
    memory: Uint8Array<ArrayBuffer>,
    rank: number,
    size: number,
    neighbors: readonly Neighbor[],
    release: () => void = () => {},
    waiting?: ShortWaiting,
  ) {
    this.#system = system;
    this.#release = release;
    this.#rank = rank;
    this.#size = size;
    this.#neighbors = neighbors;
    this.#places = placesFor(size);
    this.#largeBytes = largeBytesFor(size);
    this.memory = new Memory(memory);
    this.words = this.memory.words;
    this.#numbers = new Float64Array(memory.buffer, memory.byteOffset, memory.byteLength >> 3);
    this.#marks = (line + size * line) / 4;
    this.#marksPerPlace = marksBytes(size) / 4;
    this.#posts = this.#marks + this.#places * this.#marksPerPlace;
    this.#largePosts = this.#posts + (this.#places * size * placeBytes) / 4;
    this.address = memory.byteOffset;
    this.short = waiting && new ShortPosts(this, waiting, rank, size);
    const own = lineOf(rank);
    this.#through = load(this.words, own);
    this.#least = this.#through;
    this.#numbers[(own + 4) >> 1] = Number(system.addressOf(new Uint8Array(this.#probe.buffer)));
    this.#numbers[(own + 6) >> 1] = this.#probe[0] as number;
    Atomics.store(this.words, own + pid, process.pid);
  }

  sleep(): void {
    Atomics.store(this.words, sleepers, 1);
  }

  hasRoom(number: number): boolean {
    if (this.#isFree(number)) return true;
    this.#lookUp();
    return this.#isFree(number);
  }

  /** Whether all ranks can read each other's memory. Found out during the first collectives. */
  get lends(): boolean {
    if (this.#lends !== may.unknown) return this.#lends === may.yes;
    let all: number = may.yes;
    for (let rank = 0; rank < this.#size && all !== may.no; rank++) {
      const reads = load(this.words, lineOf(rank) + mayRead);
      if (reads !== may.yes) all = reads;
    }
    this.#lends = all;
    return all === may.yes;
  }

  fits(parts: readonly Packet[], number: number): boolean {
    const bytes = postBytes(parts);
    return bytes <= placeBytes || (bytes <= this.#largeBytes && this.isLargeFree(number));
  }

  get hasLarge(): boolean {
    return this.#largeBytes > 0;
  }

  isLargeFree(number: number): boolean {
    if (((number - 2 * this.#least) | 0) < largePlaces) return true;
    this.#lookUp();
    return ((number - 2 * this.#least) | 0) < largePlaces;
  }

  post(number: number, signature: number, kind: number, parts: readonly Packet[]): void {
    if (kind === post.here) this.publish(number, signature | flag.bare);
    else {
      const isLarge = postBytes(parts) > placeBytes;
      this.#fill(isLarge ? this.largeAt(this.#rank, number) : this.postAt(this.#rank, number), kind, parts);
      this.publish(number, isLarge ? signature | flag.large : signature);
    }
  }

  postValues(number: number, signature: number, kind: number, values: readonly unknown[], write: WriteValue): boolean {
    const words = this.words;
    const word = this.postAt(this.#rank, number);
    const from = (word + 2 + values.length) * 4;
    const room = word * 4 + placeBytes;
    if (from > room) return false;
    let end = from;
    for (let i = 0; i < values.length; i++) {
      if (i !== this.#rank) end = write(values[i], this.memory, aligned(end), room);
      if (end < 0) return false;
      words[word + 2 + i] = end - from;
    }
    words[word] = kind;
    words[word + 1] = values.length;
    this.publish(number, signature);
    return true;
  }

  publish(number: number, signature: number): void {
    if (this.#reads === may.unknown) this.#tryReading();
    const words = this.words;
    const mark = this.#markAt(this.#rank, number);
    words[mark + 1] = signature;
    Atomics.store(words, mark, markOf(number));
    this.#wake();
  }

  #fill(word: number, kind: number, parts: readonly Packet[]): void {
    const words = this.words;
    words[word] = kind;
    words[word + 1] = parts.length;
    if (parts.length === 1) {
      const part = parts[0] as Packet;
      words[word + 1] = -1 - headBytes(part);
      copyHead(part, this.memory, (word + 2) * 4);
    } else if (parts.length > 1) this.#table(word + 2, parts);
  }

  describe({ head, attachments }: Packet): Packet {
    const chunks = [head, ...attachments];
    let at = 8 + 16 * chunks.length;
    const part = Buffer.alloc(at + chunks.length * inlineBytes);
    part.writeUInt32LE(chunks.length, 0);
    chunks.forEach((chunk, i) => {
      const { length } = chunk;
      const inline = length <= inlineBytes;
      part.writeDoubleLE(length, 8 + 16 * i);
      part.writeDoubleLE(inline ? 0 : Number(this.#system.addressOf(chunk)), 16 + 16 * i);
      if (!inline) return;
      part.set(chunk, at);
      at += length;
    });
    return { head: part.subarray(0, at), attachments: [] };
  }

  fetch(rank: number, number: number, index: number, landing: Landing): Packet {
    const { memory, start, end } = this.part(rank, number, index);
    const { bytes } = memory;
    const count = bytes.readUInt32LE(start);
    let at = start + 8 + 16 * count;
    const chunks: Uint8Array[] = [];
    for (let i = 0; i < count; i++) {
      const length = bytes.readDoubleLE(start + 8 + 16 * i);
      const address = bytes.readDoubleLE(start + 16 + 16 * i);
      if (address === 0) {
        if (at + length > end) throw new MpiError("protocol", `what rank ${rank} has posted cannot be read`);
        chunks.push(Buffer.from(bytes.subarray(at, at + length)));
        at += length;
        continue;
      }
      const [head] = chunks;
      const chunk = (head && count === 2 && landing(head, length)) || Buffer.allocUnsafeSlow(length);
      const process = load(this.words, lineOf(rank) + pid);
      if (!this.#system.readFrom(process, BigInt(address), chunk))
        throw new MpiError("rank-failed", `rank ${rank} ended while its array was read`);
      chunks.push(chunk);
    }
    const [head = nothing, ...attachments] = chunks;
    return { head, attachments };
  }

  lent(rank: number, number: number, index: number): { head: Uint8Array; bytes: number } | undefined {
    const { memory, start } = this.part(rank, number, index);
    const { bytes } = memory;
    const inline = bytes.readDoubleLE(start + 16) === 0;
    if (bytes.readUInt32LE(start) !== 2 || !inline) return undefined;
    const at = start + 8 + 16 * 2;
    return { head: bytes.subarray(at, at + bytes.readDoubleLE(start + 8)), bytes: bytes.readDoubleLE(start + 24) };
  }

  isThrough(rank: number, collective: number): boolean {
    return ((load(this.words, lineOf(rank)) - collective) | 0) > 0;
  }

  has(rank: number, number: number): boolean {
    return load(this.words, this.#markAt(rank, number)) === markOf(number);
  }

  signatureOf(rank: number, number: number): number {
    return ((this.words[this.#markAt(rank, number) + 1] as number) & ~(flag.bare | flag.large)) >>> 0;
  }

  kindOf(rank: number, number: number): number {
    if (((this.words[this.#markAt(rank, number) + 1] as number) & flag.bare) !== 0) return post.here;
    return (this.words[this.wordOf(rank, number)] as number) & ~shifted;
  }

  part(rank: number, number: number, index: number): Excerpt {
    const word = this.wordOf(rank, number);
    const words = this.words;
    const count = words[word + 1] as number;
    if (count < 0) {
      const start = (word + 2) * 4 + (((words[word] as number) & shifted) === 0 ? 0 : 7);
      return new Excerpt(this.memory, start, start - 1 - count);
    }
    const from = (word + 2 + count) * 4;
    const begin = index === 0 ? 0 : aligned(words[word + 1 + index] as number);
    return new Excerpt(this.memory, from + begin, from + (words[word + 2 + index] as number));
  }

  withdraw(collective: number): void {
    for (const number of [2 * collective, 2 * collective + 1]) {
      const mark = this.#markAt(this.#rank, number);
      if (load(this.words, mark) === markOf(number)) Atomics.store(this.words, mark, 0);
    }
  }

  done(collective: number): void {
    const ahead = (collective - this.#through) | 0;
    if (ahead !== 0) {
      if (ahead > 0) this.#done.add(collective | 0);
      return;
    }
    do {
      this.#through = (this.#through + 1) | 0;
    } while (this.#done.size > 0 && this.#done.delete(this.#through));
    Atomics.store(this.words, lineOf(this.#rank), this.#through);
    this.#wake();
  }

  /**
   * One word says whether any rank sleeps. Reading the flag of each rank would take a cache line and a page for each.
   */
  #wake(): void {
    if (load(this.words, sleepers) === 0) return;
    Atomics.store(this.words, sleepers, 0);
    for (const neighbor of this.#neighbors) neighbor.wake();
  }

  /**
   * Whether all ranks are through with the post that was in that place. A rank that finds the board full waits until
   * half of it is free: going on with each single place would take a cache line there and back for each.
   */
  #isFree(number: number): boolean {
    const free = ((number - 2 * this.#least) | 0) < (this.#isFull ? this.#places / 2 : this.#places);
    this.#isFull = !free;
    return free;
  }

  /** Reads from the first other rank that is there. The same rules hold for all ranks. */
  #tryReading(): void {
    for (let rank = 0; rank < this.#size; rank++) {
      const process = load(this.words, lineOf(rank) + pid);
      if (rank === this.#rank || process === 0) continue;
      const read = new Float64Array(1);
      const address = BigInt(this.#numbers[(lineOf(rank) + 4) >> 1] as number);
      const can = this.#system.readFrom(process, address, new Uint8Array(read.buffer));
      this.#reads = can && read[0] === this.#numbers[(lineOf(rank) + 6) >> 1] ? may.yes : may.no;
      Atomics.store(this.words, lineOf(this.#rank) + mayRead, this.#reads);
      return;
    }
  }

  close(): void {
    this.#release();
  }

  watchPost(list: WordList, rank: number, number: number): void {
    const mark = this.#markAt(rank, number);
    const seen = load(this.words, mark);
    list.add(this.words, mark, seen === markOf(number) ? seen - 1 : seen);
  }

  watchDone(list: WordList, rank: number, collective: number): void {
    const line = lineOf(rank);
    const seen = load(this.words, line);
    list.add(this.words, line, ((seen - collective) | 0) > 0 ? seen - 1 : seen);
  }

  watchRoom(list: WordList): void {
    list.add(this.words, lineOf(this.slowest), this.#least);
  }

  #lookUp(): void {
    let ahead = Number.POSITIVE_INFINITY;
    for (let rank = 0; rank < this.#size; rank++) {
      const by = (load(this.words, lineOf(rank)) - this.#least) | 0;
      if (by >= ahead) continue;
      ahead = by;
      this.slowest = rank;
    }
    this.#least = (this.#least + ahead) | 0;
  }

  #table(word: number, parts: readonly Packet[]): void {
    const from = (word + parts.length) * 4;
    let end = 0;
    for (let i = 0; i < parts.length; i++) {
      const part = parts[i] as Packet;
      const begin = aligned(end);
      copyHead(part, this.memory, from + begin);
      end = begin + headBytes(part);
      this.words[word + i] = end;
    }
  }

  marksOf(number: number): number {
    return this.#marks + (number & (this.#places - 1)) * this.#marksPerPlace;
  }

  #markAt(rank: number, number: number): number {
    return this.marksOf(number) + 2 * rank;
  }

  postAt(rank: number, number: number): number {
    return this.#posts + ((((number & (this.#places - 1)) * this.#size + rank) * placeBytes) >> 2);
  }

  largeAt(rank: number, number: number): number {
    return this.#largePosts + ((((number & (largePlaces - 1)) * this.#size + rank) * this.#largeBytes) >> 2);
  }

  /** Where the post of a rank begins. */
  wordOf(rank: number, number: number): number {
    const isLarge = ((this.words[this.#markAt(rank, number) + 1] as number) & flag.large) !== 0;
    return isLarge ? this.largeAt(rank, number) : this.postAt(rank, number);
  }
}

/** Words of the first line. */
const sleepers = 0;
const opened = 1;
/** Words of a rank's line, after `through`. */
const mayRead = 1;
const pid = 2;
const may = { unknown: 0, yes: 1, no: 2 } as const;
const nothing = new Uint8Array(0);

/**
 * A power of two. A rank can be ahead of the slowest one by half as many collectives. As many places as a megabyte
 * holds, and at least 16: where ranks outnumber CPUs, taking turns after each post costs more than the post.
 */
function placesFor(size: number): number {
  return Math.max(16, Math.min(256, 2 ** Math.floor(Math.log2(1024 / size))));
}

function postBytes(parts: readonly Packet[]): number {
  let bytes = 8 + (parts.length === 1 ? 0 : 4 * parts.length);
  for (let i = 0; i < parts.length; i++) bytes += aligned(headBytes(parts[i] as Packet));
  return bytes;
}

/** Rounds up to a multiple of 4. */
function aligned(bytes: number): number {
  return (bytes + 3) & ~3;
}

/** Index of the first word of a rank's line. */
function lineOf(rank: number): number {
  return (line * (1 + rank)) >> 2;
}

function marksBytes(size: number): number {
  return Math.ceil((8 * size) / line) * line;
}
