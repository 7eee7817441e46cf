import type { Memory, Packet } from "./packet.ts";

/** Where an attachment of so many bytes, of a packet with this head, is wanted; undefined for anywhere. */
export type Landing = (head: Uint8Array, bytes: number) => Uint8Array | undefined;

/**
 * Memory in which the ranks of a communicator post what they have for its collectives, and read what the others have,
 * without a message. Ranks are those of the communicator. Each collective has two steps, and a post for each: a post's
 * number is twice that of its collective, and one more in the second step.
 *
 * A post can be read from {@link has} on until this rank says that it is {@link done} with the collective.
 */
export interface Board {
  /** This rank is about to sleep: it is woken when somebody posts, or is done with a collective. */
  sleep(): void;
  /** Whether this rank's post can be written now; if not, `slowest` is a rank that still needs an earlier one. */
  hasRoom(number: number): boolean;
  readonly slowest: number;
  /** Whether a post can hold these parts. */
  fits(parts: readonly Packet[]): boolean;
  /** What it posts are the parts' heads: they have no attachments. */
  post(number: number, signature: number, kind: number, parts: readonly Packet[]): void;
  /**
   * Posts one value for each other rank; this one's own stays out. `write` puts one there as a part's head and gives where
   * it ends, or -1 if it cannot: false then, and nothing is posted.
   */
  postValues(number: number, signature: number, kind: number, values: readonly unknown[], write: WriteValue): boolean;
  /** Whether packets can stay where they are, for the others to fetch them there: then parts {@link describe} them. */
  readonly lends: boolean;
  describe(packet: Packet): Packet;
  has(rank: number, number: number): boolean;
  signatureOf(rank: number, number: number): number;
  kindOf(rank: number, number: number): number;
  /** Of a post with one part that one, whatever the index. Shown where it is. */
  part(rank: number, number: number, index: number): Packet;
  /** A packet that has stayed where it was, in memory of its own. */
  fetch(rank: number, number: number, index: number, landing: Landing): Packet;
  /** Of a packet that stays where it is: its head and the bytes of its only attachment, if it has one. */
  lent(rank: number, number: number, index: number): { head: Uint8Array; bytes: number } | undefined;
  /** What this rank has posted for this collective is not to be read any more: {@link has} gives false for it. */
  withdraw(collective: number): void;
  /** This rank needs nothing that was posted for this collective any more. */
  done(collective: number): void;
  /** Whether that rank has said so. */
  isThrough(rank: number, collective: number): boolean;
  /** This rank never comes back to it. */
  close(): void;
}

/** Writes a value to `at`, and not to `room` or beyond. */
export type WriteValue = (value: unknown, memory: Memory, at: number, room: number) => number;

/** What a post says. `byMessage`: its rank sends what it has. `apart`: it does the collective by messages, and has what the part says. */
export const post = { here: 0, parts: 1, lent: 2, byMessage: 3, apart: 4 } as const;
export type PostKind = (typeof post)[keyof typeof post];

/** Added to a post's kind: the parts are one value's, which the part behind the last one names. */
export const inPieces = 8;
