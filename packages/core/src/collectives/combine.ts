import { copy, decode, type Parcel } from "../codec.ts";
import { MpiError } from "../errors.ts";
import { applyInto, describe, isTypedArray, type Op } from "../op.ts";
import { isFrames } from "./frames.ts";

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

/** The value in a message of a reduction, unless it is the label of a rank that does it in another way. */
export function valueOf(parcel: Parcel, mine: unknown): unknown {
  if (isFrames(parcel)) throw disagree(labelOf(parcel), describe(mine));
  return decode(parcel);
}

export function labelOf(parcel: Parcel): string {
  return Buffer.concat(parcel.attachments).toString();
}

export function disagree(theirs: string, mine: string): MpiError {
  return new MpiError("mismatch", `another rank has ${theirs}, this one has ${mine}`);
}
