import type { TypedArray } from "../calls/typed-array.ts";
import { arrayBytesOnBoard, type Board, inPieces, type PostKind, post } from "../wire/board.ts";
import { byteLength, encodeAt, isWhole, landing, lengthIn, type Parcel, withArrayInHead } from "../wire/codec/codec.ts";
import type { Packet } from "../wire/packet.ts";
import type { WordList } from "../wire/word-list.ts";
import { apart, type Exchange, type Posts, Values } from "./algorithms/board-exchange.ts";
import { disagree } from "./algorithms/combine.ts";

/** A rank whose post says that it is in another collective. */
export interface Stray {
  readonly rank: number;
  readonly signature: number;
}

/** What a run waits for. */
const state = { room: 0, posts: 1, messages: 2, readers: 3, nothing: 4 } as const;

/**
 * One rank's part in a collective on a board. Posts this rank's value as soon as there is room. Ends when all posts that it needs
 * are there and all ranks have read what it lent. One object serves one collective after the other: `begin`, `end`.
 *
 * Ranks in different collectives find out: of any two, the rank that posts later sees the post of the other.
 *
 * One class in one file: this is the hot path of small collectives, whose methods V8 inlines into `advance`.
 */
export class BoardRun implements Posts {
  readonly #board: Board;
  readonly #rank: number;
  readonly #members: readonly number[];
  #collective = 0;
  #signature = 0;
  #exchange: Exchange<unknown> = noExchange;
  /** Number of the post: twice the collective's number, plus the step. A field, because V8 calls private getters by its runtime. */
  #number = 0;
  #state: (typeof state)[keyof typeof state] = state.nothing;
  /** The next and the last rank to wait for: for its post, or for its reading of what was lent. */
  #next = 0;
  #last = 0;
  #lent = false;
  #result: unknown;
  /** A rank in another collective, if one was found. */
  stray: Stray | undefined;
  /** Ranks whose parcels come by message. */
  absent: readonly number[] = noRanks;
  /** Whether this rank's parcels have to be sent as messages. */
  byMessage = false;

  constructor(board: Board, rank: number, members: readonly number[]) {
    this.#board = board;
    this.#rank = rank;
    this.#members = members;
  }

  /** @param posted this rank's value is on the board already, as `short-collectives.ts` has posted it */
  begin(collective: number, signature: number, exchange: Exchange<unknown>, posted = false): void {
    this.#collective = collective;
    this.#signature = signature;
    this.#exchange = exchange;
    this.#number = 2 * collective;
    this.#state = state.room;
    this.#lent = false;
    if (posted) this.#hasPosted();
  }

  /** The result, once the run is {@link over}. */
  end(): unknown {
    const result = this.#result;
    this.#result = undefined;
    this.#exchange = noExchange;
    return result;
  }

  /**
   * Continues as far as possible. True when the run is over, when there is a {@link stray}, or when messages are needed.
   *
   * @param sleeps the rank will sleep if this returns false. Sets the sleep flag before each poll, so that a post that arrives in
   *   between still wakes this rank; and again after this rank's own post, because a post wakes
   *   all sleeping ranks and clears their flags.
   */
  // biome-ignore lint/complexity/noExcessiveCognitiveComplexity: one pass over four states; a method for each would cost a call in the hot path
  advance(sleeps: boolean): boolean {
    if (this.#state === state.room) {
      if (sleeps) this.#board.sleep();
      if (!this.#board.hasRoom(this.#number)) return false;
      this.#post();
      this.#hasPosted();
    }
    if (this.#state === state.posts) {
      if (sleeps) {
        this.#board.sleep();
        this.#checkAllPosts(); // a rank further on may be in another collective, and be why the missing rank does not come
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

  watch(list: WordList): void {
    if (this.#state === state.room) this.#board.watchRoom(list);
    else if (this.#state === state.posts) this.#board.watchPost(list, this.#next, this.#number);
    else if (this.#state === state.readers) this.#board.watchDone(list, this.#next, this.#collective);
  }

  /** Whether messages are needed. */
  get awaitsMessages(): boolean {
    return this.#state === state.messages;
  }

  get over(): boolean {
    return this.#state === state.nothing;
  }

  /** The exchange of this step. */
  get exchange(): Exchange<unknown> {
    return this.#exchange;
  }

  /** Rank in the world that this run waits for. */
  get missing(): number {
    return this.#members[this.#state === state.room ? this.#board.slowest : this.#next] as number;
  }

  /** Continues with the parcels that came by message. */
  arrived(parcels: ReadonlyMap<number, Parcel>): void {
    this.#read({
      parcelOf: (rank, into) => parcels.get(rank) ?? this.parcelOf(rank, into),
      landing: (rank, into) => (parcels.has(rank) ? undefined : this.landing(rank, into)),
    });
  }

  /** The parcel as posted, or fetched from the lender's memory, into `into` if the bytes fit. @throws {@link withdrawn} */
  parcelOf(rank: number, into?: TypedArray): Parcel {
    const board = this.#board;
    if (!this.#isLent(rank)) return board.part(rank, this.#number, this.#rank);
    const where = (head: Uint8Array, bytes: number): Uint8Array | undefined => into && landing(into, head, bytes);
    const packet = board.fetch(rank, this.#number, this.#rank, where);
    // Checked after reading: a rank withdraws its post before it changes memory that it has lent.
    if (!board.has(rank, this.#number)) throw withdrawn;
    return packet;
  }

  landing(rank: number, into: TypedArray): number | undefined {
    if (!this.#isLent(rank)) return lengthIn(this.#board.part(rank, this.#number, this.#rank), into);
    const lent = this.#board.lent(rank, this.#number, this.#rank);
    if (lent === undefined || !isWhole(into, lent.head)) return undefined;
    return lent.bytes / into.BYTES_PER_ELEMENT;
  }

  #isLent(rank: number): boolean {
    return (this.#board.kindOf(rank, this.#number) & ~inPieces) === post.lent;
  }

  #post(): void {
    this.absent = noRanks;
    this.byMessage = false;
    const board = this.#board;
    const number = this.#number;
    const signature = this.#signature;
    const { give, apart, pieces } = this.#exchange;
    if (apart !== undefined) board.post(number, signature, post.apart, [labelPacket(apart)]);
    else if (give === undefined) board.post(number, signature, post.here, nothing);
    else if (!this.#postValues(give)) {
      const label = pieces === undefined ? nothing : [labelPacket(pieces)];
      const given = give instanceof Values ? give.parcels : "head" in give ? [give] : give;
      const parts = this.#copied(given);
      if (parts !== undefined && board.fits(withLabel(parts, label), number)) this.#postParts(post.parts, parts, label);
      else this.#postLarge(given, label);
    }
  }

  #hasPosted(): void {
    if (this.#exchange.from !== "all") this.#checkAllPosts(); // otherwise the run reads every post anyway
    this.#needs(this.#exchange.from);
    this.#state = state.posts;
  }

  /** The parts with their arrays in them, if they are few bytes: undefined if something has to stay where it is. */
  #copied(parts: readonly Parcel[]): readonly Parcel[] | undefined {
    if (parts.every(isHead)) return parts;
    const most = arrayBytesOnBoard(this.#members.length);
    if (parts.reduce((sum, part) => sum + byteLength(part), 0) > most + parts.length) return undefined;
    const copied = parts.map((part) => withArrayInHead(part, most));
    return copied.every(isHead) ? copied : undefined;
  }

  /** Encodes small values straight into the post. False when a value is large, or when they are parcels already. */
  #postValues(give: Parcel | readonly Parcel[] | Values): boolean {
    if (!(give instanceof Values)) return false;
    return this.#board.postValues(this.#number, this.#signature, post.parts, give.values, encodeAt);
  }

  /** Compares the signatures of all posts that are there, also of ranks from which this rank needs nothing. */
  #checkAllPosts(): void {
    for (let rank = 0; rank < this.#members.length; rank++) {
      if (this.#board.has(rank, this.#number)) this.#checkSignature(rank);
    }
  }

  #checkSignature(rank: number): void {
    const signature = this.#board.signatureOf(rank, this.#number);
    if (signature !== this.#signature) this.stray = { rank, signature };
  }

  /** Posts where the parcels are in memory, or that they will be sent. */
  #postLarge(give: readonly Parcel[], label: readonly Packet[]): void {
    const board = this.#board;
    const parts = board.lends ? give.map((each) => board.describe(each)) : [];
    this.#lent = parts.length > 0 && board.fits(withLabel(parts, label), this.#number);
    this.byMessage = !this.#lent;
    if (this.#lent) this.#postParts(post.lent, parts, label);
    else this.#postParts(post.byMessage, nothing, label);
  }

  #postParts(kind: PostKind, parts: readonly Packet[], label: readonly Packet[]): void {
    const labelled = label.length === 0 ? 0 : inPieces;
    this.#board.post(this.#number, this.#signature, kind | labelled, withLabel(parts, label));
  }

  /** Whether all needed posts are there. */
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
      if (kind >= post.byMessage || this.#exchange.pieces !== undefined) this.#checkKind(rank, kind);
    }
    return true;
  }

  /** Notes ranks that send by message. Throws when the rank's value does not fit this rank's. */
  #checkKind(rank: number, kind: number): void {
    if ((kind & ~inPieces) === post.byMessage) this.absent = [...this.absent, rank];
    const mine = this.#exchange.pieces;
    const theirs = this.#label(rank, kind);
    if (theirs !== mine) throw disagree(theirs ?? "another value", this.#exchange.what?.() ?? "another one");
  }

  /** The label of a post that has its value in pieces or not at all. */
  #label(rank: number, kind: number): string | undefined {
    if ((kind & inPieces) === 0 && kind !== post.apart) return undefined;
    const sole = kind === post.apart || (kind & ~inPieces) === post.byMessage;
    const { head } = this.#board.part(rank, this.#number, sole ? 0 : this.#members.length);
    return Buffer.from(head).toString();
  }

  /**
   * Computes the result of this step from the posts. True when it was the last step. If a rank has failed after its post, waits
   * for it again: the failure notice will arrive.
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
      // A rank that posts for the second step has read what was lent in the first.
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

/** A text that other ranks compare with their own. */
function labelPacket(text: string): Packet {
  return { head: Buffer.from(text), attachments: [] };
}

/** A rank has failed in this collective and may have changed the memory that it had lent. */
const withdrawn = Symbol("withdrawn");

const nothing: readonly Packet[] = [];
const noRanks: readonly number[] = [];
const noExchange: Exchange<void> = apart("");
