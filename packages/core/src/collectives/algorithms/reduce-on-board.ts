import { checkRoom, delivered, fill, overlaps } from "../../calls/into.ts";
import { describe, emptyLike, isTypedArray, type TypedArray } from "../../calls/typed-array.ts";
import type { Op } from "../../ops/op.ts";
import { byteLength, decode, decodeInto, encode } from "../../wire/codec/codec.ts";
import { type Exchange, type Here, type Posts, valueIn } from "./board-exchange.ts";
import { combineAll } from "./combine.ts";
import { segments } from "./segments.ts";

/**
 * Large arrays combined in shared memory, at the root or (undefined) everywhere: each rank combines one piece of all arrays,
 * read from where they are, and then the pieces are read together.
 *
 * Source: the steps of Rabenseifner's algorithm, each as one exchange. Any number of ranks, the brackets of recursive
 * doubling.
 * Cost: n bytes copied and n (p-1)/p combined by each rank; at most n more memory.
 *
 *     rank 0   abcd of 0     a of 0123     abcd of 0123
 *     rank 1   abcd of 1     b of 0123     abcd of 0123
 *       ...
 */
export function piecesOnBoard(
  rank: number,
  size: number,
  array: TypedArray,
  op: Op,
  root: number | undefined,
  into: TypedArray | undefined,
): Exchange<TypedArray | undefined> {
  if (into !== undefined && (root === undefined || root === rank)) checkRoom(into, [array]);
  const what = (): string => describe(array);
  const wanted = root === undefined || root === rank;
  const whole = wanted ? (roomIn(into, array) ?? emptyLike(array)) : undefined;
  const places = whole && segments(whole, size);
  const inPlace = whole !== undefined && overlaps(whole, array);
  // The result is computed in the memory of the first operand.
  const first = rank === 0 ? 1 : 0;
  const combine = (posts: Posts): TypedArray => {
    const place = inPlace ? undefined : places?.[rank];
    const mine = own[rank] as TypedArray;
    const valueOf = (r: number): unknown => {
      const room = (r === first ? place : undefined) ?? scratchLike(mine);
      return valueIn(posts.parcelOf(r, room), room);
    };
    const piece = combineAll(op, size, rank, mine, valueOf, (value) => keepScratch(value as TypedArray)) as TypedArray;
    if (places === undefined || place !== undefined) return piece;
    const filled = fill(places[rank] as TypedArray, [piece]);
    keepScratch(piece);
    return filled;
  };
  const collect = (posts: Posts): TypedArray | undefined => {
    places?.forEach((place, r) => {
      if (r !== rank) valueIn(posts.parcelOf(r, place), place);
    });
    return whole === into || into === undefined || whole === undefined ? whole : fill(into, [whole]);
  };
  const own = segments(array, size);
  return {
    give: own.map(encode),
    pieces: what(),
    to: "all",
    from: "all",
    what,
    finish: combine,
    next: (piece) => ({
      give: wanted && root !== undefined ? undefined : encode(piece),
      to: root ?? "all",
      from: wanted ? "all" : "none",
      finish: collect,
      settle: (result) => {
        if (places === undefined) keepScratch(piece as TypedArray); // the root has read it
        return result;
      },
    }),
  };
}

/**
 * The posts of all ranks combined, in `into` if it is given. Arrays are combined in memory that is used again, or in `into` itself.
 */
export function combinePosts<T>(op: Op, { rank, size }: Here, value: T, posts: Posts, into: TypedArray | undefined): T {
  if (!isTypedArray(value)) {
    return delivered(
      combineAll(op, size, rank, value, (r) => decode(posts.parcelOf(r))),
      into,
    );
  }
  // With more ranks an array of another length may come when `into` has been written already.
  const room = size === 2 && into !== undefined && !overlaps(into, value) ? roomIn(into, value) : undefined;
  const first = rank === 0 ? 1 : 0;
  const valueOf = (r: number): unknown => {
    const parcel = posts.parcelOf(r);
    if (byteLength(parcel) !== 1 + value.byteLength) return decode(parcel);
    // Without `into` the result is in the memory of the first operand.
    const place = r === first && into === undefined ? emptyLike(value) : (room ?? scratchLike(value));
    return decodeInto(parcel, place) ? place : decode(parcel);
  };
  const result = combineAll(op, size, rank, value, valueOf, (other) => keepScratch(other as TypedArray)) as TypedArray;
  if (into === undefined || result === room) return result as T;
  fill(into, [result]);
  keepScratch(result);
  return into as T;
}

/** The beginning of `into`, if the result can be written there at once, while the other ranks read `array`. */
function roomIn(into: TypedArray | undefined, array: TypedArray): TypedArray | undefined {
  if (into === undefined || into.constructor !== array.constructor || into.length < array.length) return undefined;
  const room = into.length === array.length ? into : into.subarray(0, array.length);
  return overlaps(room, array) && room.byteOffset !== array.byteOffset ? undefined : room;
}

/**
 * Memory for reuse: the kernel takes longer to zero and map each page of new memory than it takes to copy another rank's data into
 * it. Of one kind and length, because programs combine arrays of the same kind and length again and again.
 */
let scratch: TypedArray[] = [];
const mostScratchBytes = 4 * 1024 * 1024;

function scratchLike(array: TypedArray): TypedArray {
  const kept = scratch.pop();
  if (kept !== undefined && kept.constructor === array.constructor && kept.length === array.length) return kept;
  scratch = [];
  return emptyLike(array);
}

function keepScratch(array: TypedArray): void {
  if ((scratch.length + 1) * array.byteLength <= mostScratchBytes) scratch.push(array);
}
