import { MpiError } from "../../calls/errors.ts";
import { describe, isTypedArray } from "../../calls/typed-array.ts";
import { applyInto } from "../../ops/apply.ts";
import type { Op } from "../../ops/op.ts";
import { copy, decode, type Parcel } from "../../wire/codec/codec.ts";
import type { Peers } from "../../wire/peers.ts";
import { isBundle } from "./pack.ts";
import { isFrames } from "./raw-parcel.ts";
import { powerBelow } from "./trees.ts";

/**
 * Combines two values in the order of ranks. The result overwrites the value that arrived. So a reduction never copies the user's
 * array and never changes it.
 */
export function combine(op: Op, mine: unknown, arrived: unknown, arrivedIsLower: boolean): unknown {
  return applyInto(op, arrived, mine, arrivedIsLower ? "first" : "second");
}

/**
 * This rank's operand in a reduction. A user's function may change or return its arguments, so it gets a copy. Typed arrays need
 * none, because they are read element by element; built-in operations only read.
 */
export function operand(op: Op, value: unknown): unknown {
  return op.builtIn || isTypedArray(value) || typeof value !== "object" ? value : copy(value);
}

/** The next value from `source`, unless that rank does the reduction in another way (see announce.ts). */
export async function recvValue(peers: Peers, source: number, mine: unknown): Promise<unknown> {
  return valueOf(await peers.recv(source), mine);
}

export function valueOf(parcel: Parcel, mine: unknown): unknown {
  if (isFrames(parcel)) throw disagree(labelOf(parcel), describe(mine));
  if (isBundle(parcel)) throw disagree("a part of a larger value", describe(mine));
  return decode(parcel);
}

export function labelOf(parcel: Parcel): string {
  return Buffer.concat(parcel.attachments).toString();
}

export function disagree(theirs: string, mine: string): MpiError {
  return new MpiError("mismatch", `another rank has ${theirs}, this one has ${mine}`);
}

/**
 * Combines the values of at least two ranks in their order, in the brackets of recursive doubling (see its picture). The result is
 * in the memory of the first of the other ranks' values. `mine`, the value of rank `own`, is not changed. The others are fetched with
 * `valueOf` when they are needed, so that few are in memory at a time, and `release`d when they have been combined.
 */
export function combineAll(
  op: Op,
  size: number,
  own: number,
  mine: unknown,
  valueOf: (rank: number) => unknown,
  release: (value: unknown) => void = () => {},
): unknown {
  if (typeof mine !== "number") return combineLazily(op, size, own, mine, valueOf, release);
  const values: unknown[] = new Array(size);
  for (let rank = 0; rank < size; rank++) values[rank] = rank === own ? mine : valueOf(rank);
  return combineInPlace(op, values);
}

/** The same for numbers, which may all be there at once. */
function combineInPlace(op: Op, values: unknown[]): unknown {
  return foldInOrder(values, values.length, (lower, upper) => combine(op, upper, lower, true));
}

/**
 * Folds the first `count` values in the same brackets, in place. `join` is also told the slot for its result: no two results that
 * are needed at the same time have the same one.
 */
export function foldInOrder<T>(values: T[], count: number, join: (lower: T, upper: T, slot: number) => T): T {
  const slots = powerBelow(count);
  const pairs = count - slots;
  for (let slot = 0; slot < slots; slot++) {
    values[slot] =
      slot < pairs ? join(values[2 * slot] as T, values[2 * slot + 1] as T, slot) : (values[slot + pairs] as T);
  }
  for (let left = slots / 2; left >= 1; left /= 2) {
    for (let i = 0; i < left; i++) values[i] = join(values[2 * i] as T, values[2 * i + 1] as T, i);
  }
  return values[0] as T;
}

function combineLazily(
  op: Op,
  size: number,
  own: number,
  mine: unknown,
  valueOf: (rank: number) => unknown,
  release: (value: unknown) => void,
): unknown {
  const slots = powerBelow(size);
  const pairs = size - slots;
  const ofRank = (rank: number): unknown => (rank === own ? mine : valueOf(rank));
  /** Combines two neighbours in the memory of the lower one, unless that is `mine`. */
  const join = (lower: unknown, upper: unknown): unknown => {
    if (lower === mine) return combine(op, lower, upper, false);
    const result = combine(op, upper, lower, true);
    if (upper !== mine) release(upper);
    return result;
  };
  /** Combines `count` slots from `slot` on. The first slots have two ranks each, the others one. */
  const within = (slot: number, count: number): unknown => {
    if (count > 1) return join(within(slot, count / 2), within(slot + count / 2, count / 2));
    return slot < pairs ? join(ofRank(2 * slot), ofRank(2 * slot + 1)) : ofRank(slot + pairs);
  };
  return within(0, slots);
}
