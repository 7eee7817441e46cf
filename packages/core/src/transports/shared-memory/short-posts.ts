import type { TypedArray } from "../../calls/typed-array.ts";
import type { Instance } from "../../wasm/module.ts";
import { arrayBytesOnBoard, post } from "../../wire/board.ts";
import {
  AlignedMemory,
  copyOut,
  decode,
  type ShortValue,
  shortBytes,
  shortLength,
  shortNumber,
  writeShort,
} from "../../wire/codec/codec.ts";
import { Excerpt } from "../../wire/packet.ts";
import type { ShortBoard } from "../../wire/short-board.ts";
import { notThere } from "../../wire/short-messages.ts";
import { flag, markOf, placeBytes, shifted } from "./board-layout.ts";
import type { PollBudget } from "./poll-budget.ts";

/** What short posts need of their board. */
export interface Places {
  readonly memory: Excerpt["memory"];
  readonly words: Int32Array;
  /** Where the board begins in the memory of the module. */
  readonly address: number;
  /** Whether there are large places. */
  readonly hasLarge: boolean;
  hasRoom(number: number): boolean;
  isLargeFree(number: number): boolean;
  /** Index of the first word of the marks of this post. */
  marksOf(number: number): number;
  postAt(rank: number, number: number): number;
  largeAt(rank: number, number: number): number;
  /** Where the post of a rank begins. */
  wordOf(rank: number, number: number): number;
  publish(number: number, signature: number): void;
}

/** How a rank waits for short posts. */
export interface ShortWaiting {
  readonly instance: Instance;
  /** Memory of the module for results. */
  readonly scratch: Uint8Array<ArrayBuffer>;
  readonly budget: PollBudget;
}

/**
 * Posts of one small value each. Their bytes lie behind the form, from a multiple of 8 on, so that they are read, written and
 * combined in place:
 * ```text
 * [kind u32, -1 - bytes i32, 7 bytes, form u8, bytes]
 * ```
 */
export class ShortPosts implements ShortBoard {
  readonly #places: Places;
  readonly #waiting: ShortWaiting;
  readonly #rank: number;
  readonly #size: number;
  readonly #memory: AlignedMemory;
  readonly #results: AlignedMemory;
  readonly #most: number;

  constructor(places: Places, waiting: ShortWaiting, rank: number, size: number) {
    this.#places = places;
    this.#waiting = waiting;
    this.#rank = rank;
    this.#size = size;
    this.#memory = new AlignedMemory(places.memory.bytes);
    this.#results = new AlignedMemory(waiting.scratch);
    this.#most = arrayBytesOnBoard(size);
  }

  post(number: number, signature: number, value: ShortValue | undefined): boolean {
    const places = this.#places;
    if (!places.hasRoom(number)) return false;
    if (value === undefined) {
      places.publish(number, signature | flag.bare);
      return true;
    }
    const bytes = shortBytes(value);
    const isLarge = bytes > mostInPlace;
    if (isLarge && !(places.hasLarge && bytes <= 1 + this.#most && places.isLargeFree(number))) return false;
    const { words } = places;
    const word = isLarge ? places.largeAt(this.#rank, number) : places.postAt(this.#rank, number);
    words[word] = shortKind;
    words[word + 1] = -1 - bytes;
    writeShort(this.#memory, formAt(word), value);
    places.publish(number, isLarge ? signature | flag.large : signature);
    return true;
  }

  awaitValues(number: number, signature: number, first: number, last: number): boolean {
    const { instance, budget } = this.#waiting;
    const mark = markOf(number);
    if (!instance.exports.awaitPosts(this.#marksOf(number), mark, signature, flag.large, first, last, budget.looks))
      return false;
    budget.count();
    return true;
  }

  awaitAll(number: number, signature: number): boolean {
    return this.awaitValues(number, signature | flag.bare, 0, this.#size - 1);
  }

  agrees(number: number, signature: number): boolean {
    const { exports } = this.#waiting.instance;
    const mark = markOf(number);
    return exports.agree(this.#marksOf(number), mark, signature, flag.large | flag.bare, this.#size - 1) !== 0;
  }

  numberOf(rank: number, number: number): number | undefined {
    const word = this.#shortAt(rank, number);
    return word < 0 ? undefined : shortNumber(this.#memory, formAt(word));
  }

  valueOf(rank: number, number: number): unknown {
    const word = this.#shortAt(rank, number);
    if (word < 0) return notThere;
    const at = formAt(word);
    return shortNumber(this.#memory, at) ?? decode(new Excerpt(this.#places.memory, at, at + this.#bytesAt(word)));
  }

  lengthOf(rank: number, number: number, into: TypedArray): number | undefined {
    const word = this.#shortAt(rank, number);
    return word < 0 ? undefined : shortLength(this.#memory, formAt(word), this.#bytesAt(word), into);
  }

  copyInto(rank: number, number: number, into: TypedArray, at: number): void {
    const word = this.#places.wordOf(rank, number);
    copyOut(this.#memory, formAt(word) + 1, (this.#bytesAt(word) - 1) / into.BYTES_PER_ELEMENT, into, at);
  }

  arrayOf(rank: number, number: number, like: TypedArray): number {
    const word = this.#shortAt(rank, number);
    const length = word < 0 ? undefined : shortLength(this.#memory, formAt(word), this.#bytesAt(word), like);
    return length !== like.length ? -1 : this.#places.address + formAt(word) + 1;
  }

  combine(operation: number, kind: number, a: number, b: number, slot: number, length: number): number {
    const { instance, scratch } = this.#waiting;
    const out = scratch.byteOffset + slot * this.#most;
    instance.exports.combine(operation, kind, out, a, b, length);
    return out;
  }

  result(place: number, length: number, into: TypedArray): void {
    copyOut(this.#results, place - this.#waiting.scratch.byteOffset, length / into.BYTES_PER_ELEMENT, into);
  }

  #marksOf(number: number): number {
    return this.#places.address + 4 * this.#places.marksOf(number);
  }

  /** The first word of a rank's post, if that is a short one; -1 otherwise. */
  #shortAt(rank: number, number: number): number {
    const word = this.#places.wordOf(rank, number);
    return this.#places.words[word] === shortKind ? word : -1;
  }

  #bytesAt(word: number): number {
    return -1 - (this.#places.words[word + 1] as number);
  }
}

/** The kind of a short post: `post.parts`, and a bit for its alignment. */
const shortKind: number = post.parts | shifted;
/** A longer post, with its form, needs a large place. */
const mostInPlace = placeBytes - 8 - 8;

/** Where the form of a short post is, which begins with this word. */
function formAt(word: number): number {
  return 4 * word + 15;
}
