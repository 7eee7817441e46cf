import { decode, decodeInto, type Parcel } from "../codec.ts";
import { fill } from "../into.ts";
import { isTypedArray } from "../kernel.ts";
import type { TypedArray } from "../op.ts";

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
  /** This rank's parcel, or one for each rank; undefined when all that it tells is that it is here. */
  readonly give: Parcel | readonly Parcel[] | undefined;
  /** Who needs it. */
  readonly to: Whom;
  /** Whose parcels this rank needs, besides its own. A rank that nobody needs may still be on its way. */
  readonly from: Whom;
  /** What is made of them. What it reads of the parcels is gone when this has returned. */
  readonly finish: (posts: Posts) => R;
  /** A second step, which is begun with what came of the first, and whose end is that of the collective. */
  next?(first: R): Exchange<R>;
  /** What it gives is one array in pieces, which this tells. Ranks must agree in that. */
  readonly pieces?: string;
  /** What this rank does by messages, while others may not: what it has, for their error message. */
  readonly apart?: string;
  /** What this rank has, for the error message when another one is {@link apart}. */
  readonly what?: () => string;
}

/** How one rank does a collective: on the board, or by messages, since what it has is what the string says. */
export type Plan<R> = Exchange<R> | string;

/** The value of a parcel that was asked for with `into`, in there if there is one. */
export function valueIn<T>(parcel: Parcel, into: TypedArray | undefined): T {
  if (into === undefined) return decode(parcel) as T;
  return (decodeInto(parcel, into) ? into : fill(into, [decode(parcel)])) as T;
}

/** Everybody's value in the order of ranks; with `into` behind each other in there, or an error, and nothing is written. */
export function valuesIn<T>(
  rank: number,
  size: number,
  own: T,
  posts: Posts,
  into: TypedArray | undefined,
): T[] | TypedArray {
  const values: unknown[] = [];
  const lengths: number[] = [];
  for (let r = 0; r < size; r++) {
    const length = into === undefined || r === rank ? undefined : posts.landing(r, into);
    values.push(length !== undefined ? undefined : r === rank ? own : decode(posts.parcelOf(r)));
    lengths.push(length ?? (values[r] as Partial<TypedArray> | null | undefined)?.length ?? 0);
  }
  if (into === undefined) return values as T[];
  const arrived = values.filter((value) => value !== undefined);
  const total = lengths.reduce((sum, length) => sum + length, 0);
  const fits =
    total <= into.length && arrived.every((value) => isTypedArray(value) && value.constructor === into.constructor);
  if (!fits)
    return fill(
      into,
      values.map((value, r) => value ?? decode(posts.parcelOf(r))),
    ) as TypedArray;
  let at = 0;
  for (const [r, length] of lengths.entries()) {
    const room = into.subarray(at, at + length);
    if (values[r] === undefined) posts.parcelOf(r, room);
    else fill(room, [values[r]]);
    at += length;
  }
  return into;
}

/** A rank of the communicator, all of them, or none. */
export type Whom = number | "all" | "none";

export function membersOf(ranks: Whom, size: number): number[] {
  if (typeof ranks === "number") return [ranks];
  return ranks === "all" ? Array.from({ length: size }, (_, rank) => rank) : [];
}

/** What is for that rank of all that is given. */
export function parcelFor(rank: number, give: Exchange<unknown>["give"]): Parcel {
  return (Array.isArray(give) ? give[rank] : give) as Parcel;
}

/** To say on the board that this rank has come, and goes on by messages. */
export function apart(what: string): Exchange<void> {
  return { give: undefined, to: "none", from: "none", finish: () => {}, apart: what };
}
