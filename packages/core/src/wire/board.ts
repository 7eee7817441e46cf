import type { Memory, Packet } from "./packet.ts";
import type { ShortBoard } from "./short-board.ts";
import type { WordList } from "./word-list.ts";

/**
 * The longest array that a post holds: longer ones stay in their rank's memory, where the others fetch them with a system call,
 * and the rank then waits until all have. The more ranks, the less, so that a board takes the same memory.
 */
export function arrayBytesOnBoard(ranks: number): number {
  return Math.max(1024, 2 ** (17 - Math.ceil(Math.log2(ranks))));
}

/** Where to put the only attachment of a packet with this head and so many bytes; undefined: anywhere. */
export type Landing = (head: Uint8Array, bytes: number) => Uint8Array | undefined;

/**
 * Shared memory in which the ranks of a communicator post values for its collectives and read the posts of the others.
 * It replaces messages. Ranks are those of the communicator. Each collective has two steps and a post for each: the
 * number of a post is twice that of its collective, plus one in the second step.
 *
 * A post can be read from the moment when {@link has} is true until this rank is {@link done} with the collective.
 */
export interface Board {
  /** The shortest way of small collectives, if there is one. */
  readonly short?: ShortBoard | undefined;
  /** This rank is about to sleep. The next post, or the next rank that is done with a collective, wakes it. */
  sleep(): void;
  /** Whether this rank's post can be written now. If not, `slowest` is a rank that still needs an earlier one. */
  hasRoom(number: number): boolean;
  readonly slowest: number;
  /** Whether this post can hold these parts. */
  fits(parts: readonly Packet[], number: number): boolean;
  /** Posts the heads of the parts, which have no attachments. */
  post(number: number, signature: number, kind: number, parts: readonly Packet[]): void;
  /**
   * Posts one value for each rank except this one. `write` writes a value as the head of a part and returns where it
   * ends, or -1 if it cannot; then nothing is posted and the result is false.
   */
  postValues(number: number, signature: number, kind: number, values: readonly unknown[], write: WriteValue): boolean;
  /**
   * Whether packets can stay in their rank's memory, where the others fetch them. A post then has what {@link describe}
   * makes.
   */
  readonly lends: boolean;
  describe(packet: Packet): Packet;
  has(rank: number, number: number): boolean;
  signatureOf(rank: number, number: number): number;
  kindOf(rank: number, number: number): number;
  /** A part of a post, in place. A post with one part has that one for every index. */
  part(rank: number, number: number, index: number): Packet;
  /** Copies a packet that has stayed in its rank's memory. */
  fetch(rank: number, number: number, index: number, landing: Landing): Packet;
  /** For a packet that stays in its rank's memory: its head, and the bytes of its only attachment, if it has one. */
  lent(rank: number, number: number, index: number): { head: Uint8Array; bytes: number } | undefined;
  /** Adds the word that changes when {@link has}, {@link isThrough}, or {@link hasRoom} of the slowest rank may. */
  watchPost(list: WordList, rank: number, number: number): void;
  watchDone(list: WordList, rank: number, collective: number): void;
  watchRoom(list: WordList): void;
  /** Takes this rank's posts for this collective back: {@link has} gives false for them. */
  withdraw(collective: number): void;
  /** This rank needs no post for this collective any more. */
  done(collective: number): void;
  /** Whether that rank is {@link done} with the collective. */
  isThrough(rank: number, collective: number): boolean;
  /** This rank will not use the board again. */
  close(): void;
}

/** Writes a value at `at`, and nothing at `room` or beyond. Returns where it ends, or -1 if it cannot. */
export type WriteValue = (value: unknown, memory: Memory, at: number, room: number) => number;

/**
 * The kind of a post. `byMessage`: the rank sends its value as a message. `apart`: the rank runs the collective by
 * messages, and the part has its value.
 */
export const post = { here: 0, parts: 1, lent: 2, byMessage: 3, apart: 4 } as const;
export type PostKind = (typeof post)[keyof typeof post];

/** Added to the kind of a post: the parts are pieces of one value, which the part after the last piece describes. */
export const inPieces = 8;
