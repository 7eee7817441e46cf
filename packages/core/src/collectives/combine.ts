import { applyInto } from "../apply.ts";
import { copy, decode, type Parcel } from "../codec.ts";
import { MpiError } from "../errors.ts";
import { describe, isTypedArray } from "../kernel.ts";
import type { Op } from "../op.ts";
import type { Peers } from "../peers.ts";
import { isFrames } from "./frames.ts";
import { isBundle } from "./pack.ts";
import { powerBelow } from "./trees.ts";

/**
 * Two values in the order of ranks. The result takes the place of the one that arrived, which is ours to change: a
 * reduction never copies the user's array and never changes it.
 */
export function combine(op: Op, mine: unknown, arrived: unknown, arrivedIsLower: boolean): unknown {
  return applyInto(op, arrived, mine, arrivedIsLower ? "first" : "second");
}

/**
 * What this rank puts into a reduction. A user's function may change or return its arguments, so it gets a copy;
 * typed arrays are only ever read element by element, and built-in operations only read.
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
 * The values of at least two ranks, combined in their order, in the brackets of recursive doubling: see its picture. The
 * result is where the first of the others' values was; this rank's own is left as it is.
 */
export function combineAll(op: Op, size: number, own: number, valueOf: (rank: number) => unknown): unknown {
  const slots = powerBelow(size);
  const pairs = size - slots;
  const values = new Array<unknown>(slots);
  let mine = own < 2 * pairs ? -1 : own - pairs; // the slot of this rank's value, while it has not been combined
  for (let slot = 0; slot < slots; slot++) {
    const rank = slot < pairs ? 2 * slot : slot + pairs;
    values[slot] = slot < pairs ? join(op, valueOf(rank), valueOf(rank + 1), rank === own) : valueOf(rank);
  }
  for (let count = slots / 2; count >= 1; count /= 2) {
    for (let i = 0; i < count; i++) values[i] = join(op, values[2 * i], values[2 * i + 1], mine === 2 * i);
    mine = -1;
  }
  return values[0];
}

/** Two neighbours, in the memory of the lower one unless that is to be left as it is. */
function join(op: Op, lower: unknown, upper: unknown, leaveLower: boolean): unknown {
  return leaveLower ? combine(op, lower, upper, false) : combine(op, upper, lower, true);
}
