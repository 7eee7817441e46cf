import { fill, overlaps } from "../../calls/into.ts";
import type { TypedArray } from "../../calls/typed-array.ts";
import { isTypedArray, kindOf } from "../../calls/typed-array.ts";
import { copy, decode, decodeInto, encode, type Parcel } from "../../wire/codec/codec.ts";
import { copyOf } from "../../wire/packet.ts";
import { nothing } from "./raw-parcel.ts";

/** The posts of the other ranks, when they are all there. */
export interface Posts {
  /** The parcel of a rank. Bytes that stay in the other rank's memory are fetched into `into`, if they fit. */
  parcelOf(rank: number, into?: TypedArray): Parcel;
  /** How many elements the parcel would put into `into`; undefined if it is no array of that kind. */
  landing(rank: number, into: TypedArray): number | undefined;
}

/**
 * A collective among ranks that share memory: each rank posts its value and reads what it needs of the others. One step, for any
 * number of ranks.
 */
export interface Exchange<R> {
  /** This rank's parcel, or one for each rank; undefined to post only that this rank has come. */
  readonly give: Parcel | readonly Parcel[] | Values | undefined;
  /** The ranks that need it. */
  readonly to: Whom;
  /** The ranks whose parcels this rank needs. It does not wait for the other ranks. */
  readonly from: Whom;
  /** Computes the result from the posts. Their memory may not be read after this has returned. */
  readonly finish: (posts: Posts) => R;
  /**
   * The last step, when all ranks have read what this rank lent. Writes to the caller's memory, which may be the memory lent.
   * Returns the result.
   */
  readonly settle?: Settle<R>["settle"] | undefined;
  /** The second step, if there is one. It begins with the result of the first and ends the collective. */
  next?(first: R): Exchange<R>;
  /** Set if `give` is one array in pieces: a description of that array. It must be equal on all ranks. */
  readonly pieces?: string;
  /** Set if this rank uses messages: a description of its value, for the error message of a rank that does not. */
  readonly apart?: string;
  /** A description of this rank's value, for the error message if another rank is {@link apart}. */
  readonly what?: () => string;
}

/** Declared as a method, so that an exchange with one type of result is assignable to `Exchange<unknown>`. */
interface Settle<R> {
  settle(result: R): R;
}

/** One value for each other rank. If all are small, they are encoded straight into the post. */
export class Values {
  readonly values: readonly unknown[];
  readonly #rank: number;
  readonly #into: TypedArray | undefined;
  #parcels: readonly Parcel[] | undefined;

  /** @param into memory that must not be lent */
  constructor(values: readonly unknown[], rank: number, into?: TypedArray) {
    this.values = values;
    this.#rank = rank;
    this.#into = into;
  }

  /** @throws MpiError `unserializable` when a value cannot travel. */
  get parcels(): readonly Parcel[] {
    this.#parcels ??= this.values.map((value, r) => (r === this.#rank ? nothing : beside(this.#into, encode(value))));
    return this.#parcels;
  }
}

/** The parcel, with copies of the parts of `into` that it lends, because `into` is written while other ranks still read. */
export function beside(into: TypedArray | undefined, parcel: Parcel): Parcel {
  if (into === undefined || !parcel.attachments.some((lent) => overlaps(lent, into))) return parcel;
  const { head, attachments } = parcel;
  return { head, attachments: attachments.map((lent) => (overlaps(lent, into) ? copyOf(lent) : lent)) };
}

/** This rank's own value among the results: a copy, unless it is copied to an `into` that does not overlap it. */
export function ownBeside(into: TypedArray | undefined, value: unknown): unknown {
  return into !== undefined && ArrayBuffer.isView(value) && !overlaps(value, into) ? value : copy(value);
}

/** A rank, and the number of ranks. */
export interface Here {
  readonly rank: number;
  readonly size: number;
}

/** How a rank does a collective: an exchange on the board; or by messages, with a description of its value. */
export type Plan<R> = Exchange<R> | string;

/** The value of a parcel that was fetched for `into`; in `into`, if there is one. */
export function valueIn<T>(parcel: Parcel, into: TypedArray | undefined): T {
  if (into === undefined) return decode(parcel) as T;
  return (decodeInto(parcel, into) ? into : fill(into, [decode(parcel)])) as T;
}

/** Receives the root's value or this rank's part of it. Without `into` one object per root is reused for all calls. */
export function taken<T>(root: number, into: TypedArray | undefined): Exchange<T> {
  if (into !== undefined) return takenInto(root, into);
  takings[root] ??= takenInto(root, undefined);
  return takings[root] as Exchange<T>;
}

function takenInto<T>(root: number, into: TypedArray | undefined): Exchange<T> {
  return { give: undefined, to: "none", from: root, finish: (posts) => valueIn(posts.parcelOf(root, into), into) };
}

const takings: Exchange<unknown>[] = [];

/** The values of all ranks in the order of ranks. With `into` they are concatenated there; if they do not fit, it throws and writes nothing. */
export function valuesIn<T>(
  rank: number,
  size: number,
  own: T,
  posts: Posts,
  into: TypedArray | undefined,
): T[] | TypedArray {
  const valueOf = (r: number): unknown => (r === rank ? own : decode(posts.parcelOf(r)));
  if (into === undefined) {
    const values = new Array<T>(size);
    for (let r = 0; r < size; r++) values[r] = valueOf(r) as T;
    return values;
  }
  const ranks = Array.from({ length: size }, (_, r) => r);
  // Lengths of the arrays that can be copied straight into place. All others are decoded and checked before anything is written.
  const landings = ranks.map((r) => (r === rank ? undefined : posts.landing(r, into)));
  const values = landings.map((landing, r) => (landing === undefined ? valueOf(r) : undefined));
  const lengths = landings.map((landing, r) => landing ?? lengthLike(into, values[r]));
  if (lengths.some((length) => length === undefined) || sum(lengths) > into.length)
    return fill(into, ranks.map(valueOf));
  let at = 0;
  for (const r of ranks) {
    const room = into.subarray(at, at + (lengths[r] as number));
    if (landings[r] === undefined) fill(room, [values[r]]);
    else valueIn(posts.parcelOf(r, room), room);
    at += room.length;
  }
  return into;
}

/** How many elements a value has, if it is a typed array of the same type. */
function lengthLike(into: TypedArray, value: unknown): number | undefined {
  return isTypedArray(value) && kindOf(value) === kindOf(into) ? value.length : undefined;
}

function sum(lengths: readonly (number | undefined)[]): number {
  return lengths.reduce((total: number, length) => total + (length ?? 0), 0);
}

/** A rank of the communicator, all of them, or none. */
export type Whom = number | "all" | "none";

export function membersOf(ranks: Whom, size: number): number[] {
  if (typeof ranks === "number") return [ranks];
  return ranks === "all" ? Array.from({ length: size }, (_, rank) => rank) : [];
}

/** The parcel for this rank. */
export function parcelFor(rank: number, give: Exchange<unknown>["give"]): Parcel {
  const parcels = give instanceof Values ? give.parcels : give;
  return (Array.isArray(parcels) ? parcels[rank] : parcels) as Parcel;
}

/** Posts that this rank has come and continues by messages. */
export function apart(what: string): Exchange<void> {
  return { give: undefined, to: "none", from: "none", finish: () => {}, apart: what };
}
