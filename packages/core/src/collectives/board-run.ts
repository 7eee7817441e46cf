import type { TypedArray } from "../calls/typed-array.ts";
import { type Board, inPieces, type PostKind, post } from "../wire/board.ts";
import { encodeAt, isWhole, landing, type Parcel } from "../wire/codec/codec.ts";
import type { Packet } from "../wire/packet.ts";
import { apart, type Exchange, type Posts, Values } from "./algorithms/board-exchange.ts";
import { disagree } from "./algorithms/combine.ts";

/** A rank that is in another collective, as its post says. */
export interface Stray {
  readonly rank: number;
  readonly signature: number;
}

/** What a turn waits for. */
const state = { room: 0, posts: 1, messages: 2, readers: 3, nothing: 4 } as const;

/**
 * One rank's part in a collective on a board: posts what it has as soon as there is room, and is over when all that it
 * needs is there, and nobody needs what it has lent. Used again for the next one: it begins and ends.
 *
 * Ranks that are in different collectives find out: of any two, the one that posts later sees what the other one posted.
 */
export class BoardRun implements Posts {
  readonly #board: Board;
  readonly #rank: number;
  readonly #members: readonly number[];
  #collective = 0;
  #signature = 0;
  #exchange: Exchange<unknown> = nobodys;
  /** Of the post: twice that of the collective, and the step. A field, for V8 calls private getters by its runtime. */
  #number = 0;
  #state: (typeof state)[keyof typeof state] = state.nothing;
  /** The next rank that it needs something of, or that needs what it has lent, and the last. */
  #next = 0;
  #last = 0;
  #lent = false;
  #result: unknown;
  /** Who is in another collective. */
  stray: Stray | undefined;
  /** Ranks whose parcels come by message, and whether what this rank gives has to be sent. */
  absent: readonly number[] = nobody;
  byMessage = false;

  constructor(board: Board, rank: number, members: readonly number[]) {
    this.#board = board;
    this.#rank = rank;
    this.#members = members;
  }

  begin(collective: number, signature: number, exchange: Exchange<unknown>): void {
    this.#collective = collective;
    this.#signature = signature;
    this.#exchange = exchange;
    this.#number = 2 * collective;
    this.#state = state.room;
    this.#lent = false;
  }

  /** What came of it, once it is {@link over}. */
  end(): unknown {
    const result = this.#result;
    this.#result = undefined;
    this.#exchange = nobodys;
    return result;
  }

  /**
   * Goes on as far as it can. True when it is over, when there is a {@link stray}, or when messages have to be waited for.
   * Who sleeps says so before he looks, so that what comes from then on wakes him; and again after a post of his own, for
   * that wakes all who sleep.
   */
  advance(sleeps: boolean): boolean {
    if (this.#state === state.room) {
      if (sleeps) this.#board.sleep();
      if (!this.#board.hasRoom(this.#number)) return false;
      this.#post();
      this.#needs(this.#exchange.from);
      this.#state = state.posts;
    }
    if (this.#state === state.posts) {
      if (sleeps) {
        this.#board.sleep();
        this.#lookAround(); // one whose run has not come may be why the one that is missing does not come
      }
      if (this.stray !== undefined) return true;
      if (!this.#gather()) return false;
      if (this.stray !== undefined) return true;
      if (this.byMessage || this.absent.length > 0) {
        this.#state = state.messages;
        return true;
      }
      if (!this.#read(this)) return this.advance(sleeps);
    }
    if (this.#state === state.readers) {
      if (sleeps) this.#board.sleep();
      for (; this.#next <= this.#last; this.#next++) {
        if (this.#next !== this.#rank && !this.#board.isThrough(this.#next, this.#collective)) return false;
      }
      this.#state = state.nothing;
      if (this.#exchange.settle !== undefined) this.#result = this.#exchange.settle(this.#result);
    }
    return true;
  }

  /** Whether messages have to be waited for. */
  get awaitsMessages(): boolean {
    return this.#state === state.messages;
  }

  get over(): boolean {
    return this.#state === state.nothing;
  }

  /** Of this step: what this rank gives, and to whom. */
  get exchange(): Exchange<unknown> {
    return this.#exchange;
  }

  /** Rank in the world that it waits for. */
  get missing(): number {
    return this.#members[this.#state === state.room ? this.#board.slowest : this.#next] as number;
  }

  /** Goes on with what has come by messages. */
  arrived(parcels: ReadonlyMap<number, Parcel>): void {
    this.#read({
      parcelOf: (rank, into) => parcels.get(rank) ?? this.parcelOf(rank, into),
      landing: (rank, into) => (parcels.has(rank) ? undefined : this.landing(rank, into)),
    });
  }

  /** As it was posted, or fetched from where it stays: its bytes to `into`, if they fit. @throws {@link withdrawn} */
  parcelOf(rank: number, into?: TypedArray): Parcel {
    const board = this.#board;
    if (!this.#isLent(rank)) return board.part(rank, this.#number, this.#rank);
    const where = (head: Uint8Array, bytes: number): Uint8Array | undefined => into && landing(into, head, bytes);
    const packet = board.fetch(rank, this.#number, this.#rank, where);
    // Looked at after reading: until its rank says so here, it leaves what it has lent unchanged.
    if (!board.has(rank, this.#number)) throw withdrawn;
    return packet;
  }

  landing(rank: number, into: TypedArray): number | undefined {
    if (!this.#isLent(rank)) return undefined;
    const lent = this.#board.lent(rank, this.#number, this.#rank);
    if (lent === undefined || !isWhole(into, lent.head)) return undefined;
    return lent.bytes / into.BYTES_PER_ELEMENT;
  }

  #isLent(rank: number): boolean {
    return (this.#board.kindOf(rank, this.#number) & ~inPieces) === post.lent;
  }

  #post(): void {
    const board = this.#board;
    const number = this.#number;
    const signature = this.#signature;
    const { give, apart, pieces } = this.#exchange;
    this.absent = nobody;
    this.byMessage = false;
    if (apart !== undefined) board.post(number, signature, post.apart, [saying(apart)]);
    else if (give === undefined) board.post(number, signature, post.here, nothing);
    else if (!this.#postValues(give)) {
      const label = pieces === undefined ? nothing : [saying(pieces)];
      const parts = give instanceof Values ? give.parcels : "head" in give ? [give] : give;
      if (parts.every(isHead) && board.fits(withLabel(parts, label))) this.#postParts(post.parts, parts, label);
      else this.#postLarge(parts, label);
    }
    if (this.#exchange.from !== "all") this.#lookAround(); // else it will come to every post
  }

  /** Encodes small values where they are posted. False when they are not all small, or parcels already. */
  #postValues(give: Parcel | readonly Parcel[] | Values): boolean {
    if (!(give instanceof Values)) return false;
    return this.#board.postValues(this.#number, this.#signature, post.parts, give.values, encodeAt);
  }

  /** Whether somebody who is there is in another collective, also if this rank needs nothing of him. */
  #lookAround(): void {
    for (let rank = 0; rank < this.#members.length; rank++) {
      if (this.#board.has(rank, this.#number)) this.#checkSignature(rank);
    }
  }

  #checkSignature(rank: number): void {
    const signature = this.#board.signatureOf(rank, this.#number);
    if (signature !== this.#signature) this.stray = { rank, signature };
  }

  /** Says where it is, or that it will be sent. */
  #postLarge(give: readonly Parcel[], label: readonly Packet[]): void {
    const board = this.#board;
    const parts = board.lends ? give.map((each) => board.describe(each)) : [];
    this.#lent = parts.length > 0 && board.fits(withLabel(parts, label));
    this.byMessage = !this.#lent;
    if (this.#lent) this.#postParts(post.lent, parts, label);
    else this.#postParts(post.byMessage, nothing, label);
  }

  #postParts(kind: PostKind, parts: readonly Packet[], label: readonly Packet[]): void {
    const labelled = label.length === 0 ? 0 : inPieces;
    this.#board.post(this.#number, this.#signature, kind | labelled, withLabel(parts, label));
  }

  /** Whether all posts are there that it needs. */
  #gather(): boolean {
    const board = this.#board;
    const number = this.#number;
    for (; this.#next <= this.#last; this.#next++) {
      const rank = this.#next;
      if (rank === this.#rank) continue;
      if (!board.has(rank, number)) return false;
      this.#checkSignature(rank);
      if (this.stray !== undefined) return true;
      const kind = board.kindOf(rank, number);
      if (kind >= post.byMessage || this.#exchange.pieces !== undefined) this.#look(rank, kind);
    }
    return true;
  }

  /** Notes who sends what he has, and finds out whose value cannot go with this rank's. */
  #look(rank: number, kind: number): void {
    if ((kind & ~inPieces) === post.byMessage) this.absent = [...this.absent, rank];
    const mine = this.#exchange.pieces;
    const theirs = this.#label(rank, kind);
    if (theirs !== mine) throw disagree(theirs ?? "another value", this.#exchange.what?.() ?? "another one");
  }

  /** What a post says of a value of which it has only pieces, or nothing. */
  #label(rank: number, kind: number): string | undefined {
    if ((kind & inPieces) === 0 && kind !== post.apart) return undefined;
    const sole = kind === post.apart || (kind & ~inPieces) === post.byMessage;
    const { head } = this.#board.part(rank, this.#number, sole ? 0 : this.#members.length);
    return Buffer.from(head).toString();
  }

  /**
   * Makes of what is there what is to be made of it, which ends this step. True when it was the last one. Where a rank has
   * failed after its post, this one waits for it again: the notice that says why is on its way.
   */
  #read(posts: Posts): boolean {
    let result: unknown;
    try {
      result = this.#exchange.finish(posts);
    } catch (thrown) {
      if (thrown !== withdrawn) throw thrown;
      this.#needs(this.#exchange.from);
      this.#state = state.posts;
      return false;
    }
    const next = this.#exchange.next?.(result);
    if (next !== undefined) {
      // Who posts for the second step has read what was lent in the first.
      this.#exchange = next;
      this.#number++;
      this.#state = state.room;
      return false;
    }
    this.#result = result;
    this.#board.done(this.#collective);
    this.#needs(this.#lent ? this.#exchange.to : "none");
    this.#state = state.readers;
    return true;
  }

  #needs(ranks: Exchange<unknown>["from"]): void {
    this.#next = typeof ranks === "number" ? ranks : 0;
    this.#last = typeof ranks === "number" ? ranks : ranks === "all" ? this.#members.length - 1 : -1;
  }
}

function isHead({ attachments }: Parcel): boolean {
  return attachments.length === 0;
}

function withLabel(parts: readonly Packet[], label: readonly Packet[]): readonly Packet[] {
  return label.length === 0 ? parts : [...parts, ...label];
}

/** For the others to read, if they have something else. */
function saying(text: string): Packet {
  return { head: Buffer.from(text), attachments: [] };
}

/** A rank has failed in this collective, and may have changed what it had lent to it. */
const withdrawn = Symbol("withdrawn");

const nothing: readonly Packet[] = [];
const nobody: readonly number[] = [];
const nobodys: Exchange<void> = apart("");
