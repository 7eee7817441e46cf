import { fill, overlaps } from "../../calls/into.ts";
import type { TypedArray } from "../../calls/typed-array.ts";
import { isTypedArray, kindOf } from "../../calls/typed-array.ts";
import { copy, decode, decodeInto, encode, type Parcel } from "../../wire/codec/codec.ts";
import { copyOf } from "../../wire/packet.ts";
import { nothing } from "./raw-parcel.ts";

/** What a rank needs of the others, once it is there. */
export interface Posts {
  /** The parcel of a rank, its bytes in `into` if they fit there and are not here yet. */
  parcelOf(rank: number, into?: TypedArray): Parcel;
  /** How many elements its parcel would put there; undefined if what it has is already here, or of another kind. */
  landing(rank: number, into: TypedArray): number | undefined;
}

/**
 * A collective among ranks that share memory: each posts what it has, and reads what it needs of the others. One step,
 * whatever the number of ranks.
 */
export interface Exchange<R> {
  /** What this rank has, or one for each rank; undefined when all that it tells is that it is here. */
  readonly give: Parcel | readonly Parcel[] | Values | undefined;
  /** Who needs it. */
  readonly to: Whom;
  /** Whose parcels this rank needs, besides its own. A rank that nobody needs may still be on its way. */
  readonly from: Whom;
  /** What is made of them. What it reads of the parcels is gone when this has returned. */
  readonly finish: (posts: Posts) => R;
  /**
   * The end, when nobody reads any more what this rank has lent: what is written to the caller's memory, which may be that
   * which was lent. What it gives is the result.
   */
  readonly settle?: Settle<R>["settle"] | undefined;
  /** A second step, which is begun with what came of the first, and whose end is that of the collective. */
  next?(first: R): Exchange<R>;
  /** What it gives is one array in pieces, which this tells. Ranks must agree in that. */
  readonly pieces?: string;
  /** What this rank does by messages, while others may not: what it has, for their error message. */
  readonly apart?: string;
  /** What this rank has, for the error message when another one is {@link apart}. */
  readonly what?: () => string;
}

/** As a method, so that an exchange of one type of result is one of unknown results, too. */
interface Settle<R> {
  settle(result: R): R;
}

/** One value for each rank, but not for this one itself. They are encoded where they are posted, if they are all small. */
export class Values {
  readonly values: readonly unknown[];
  readonly #rank: number;
  readonly #into: TypedArray | undefined;
  #parcels: readonly Parcel[] | undefined;

  /** Nothing of `into` is lent. */
  constructor(values: readonly unknown[], rank: number, into?: TypedArray) {
    this.values = values;
    this.#rank = rank;
    this.#into = into;
  }

  /** @throws MpiError `unserializable` when one of them cannot travel. */
  get parcels(): readonly Parcel[] {
    this.#parcels ??= this.values.map((value, r) => (r === this.#rank ? nothing : beside(this.#into, encode(value))));
    return this.#parcels;
  }
}

/** The parcel, where it lends a part of `into` with a copy of that: it is written to while the other ranks still read. */
export function beside(into: TypedArray | undefined, parcel: Parcel): Parcel {
  if (into === undefined || !parcel.attachments.some((lent) => overlaps(lent, into))) return parcel;
  const { head, attachments } = parcel;
  return { head, attachments: attachments.map((lent) => (overlaps(lent, into) ? copyOf(lent) : lent)) };
}

/** This rank's own value, to stand with those of the others: a copy, unless it goes to `into` undisturbed by theirs. */
export function ownBeside(into: TypedArray | undefined, value: unknown): unknown {
  return into !== undefined && ArrayBuffer.isView(value) && !overlaps(value, into) ? value : copy(value);
}

/** One rank among so many. */
export interface Here {
  readonly rank: number;
  readonly size: number;
}

/** How one rank does a collective: on the board, or by messages, since what it has is what the string says. */
export type Plan<R> = Exchange<R> | string;

/** The value of a parcel that was asked for with `into`, in there if there is one. */
export function valueIn<T>(parcel: Parcel, into: TypedArray | undefined): T {
  if (into === undefined) return decode(parcel) as T;
  return (decodeInto(parcel, into) ? into : fill(into, [decode(parcel)])) as T;
}

/** To take what the root gives, all of it or this rank's part. Made once for each root: it is the same for every call. */
export function taken<T>(root: number, into: TypedArray | undefined): Exchange<T> {
  if (into !== undefined) return takenInto(root, into);
  takings[root] ??= takenInto(root, undefined);
  return takings[root] as Exchange<T>;
}

function takenInto<T>(root: number, into: TypedArray | undefined): Exchange<T> {
  return { give: undefined, to: "none", from: root, finish: (posts) => valueIn(posts.parcelOf(root, into), into) };
}

const takings: Exchange<unknown>[] = [];

/** Everybody's value in the order of ranks; with `into` behind each other in there, or an error, and nothing is written. */
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
  // Of what can be fetched straight to its place: how much that is. All else is here, and looked at before anything is written.
  const landings = ranks.map((r) => (r === rank ? undefined : posts.landing(r, into)));
  const values = landings.map((landing, r) => (landing === undefined ? valueOf(r) : undefined));
  const lengths = landings.map((landing, r) => landing ?? lengthLike(into, values[r]));
  if (lengths.some((length) => length === undefined) || sum(lengths) > into.length)
    return fill(into, ranks.map(valueOf));
  let at = 0;
  for (const r of ranks) {
    const room = into.subarray(at, at + (lengths[r] as number));
    if (landings[r] === undefined) fill(room, [values[r]]);
    else posts.parcelOf(r, room);
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

/** What is for that rank of all that is given. */
export function parcelFor(rank: number, give: Exchange<unknown>["give"]): Parcel {
  const parcels = give instanceof Values ? give.parcels : give;
  return (Array.isArray(parcels) ? parcels[rank] : parcels) as Parcel;
}

/** To say on the board that this rank has come, and goes on by messages. */
export function apart(what: string): Exchange<void> {
  return { give: undefined, to: "none", from: "none", finish: () => {}, apart: what };
}
