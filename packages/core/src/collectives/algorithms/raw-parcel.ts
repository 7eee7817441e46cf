import type { Parcel } from "../../wire/codec/codec.ts";
import { headBytes } from "../../wire/packet.ts";

/**
 * Raw bytes of a collective itself, not of a user's value. No encoded value has an empty head, so a parcel without one
 * can be told from any value: that is how the first message of an algorithm says which algorithm it belongs to.
 */
export function frames(parts: readonly Uint8Array[]): Parcel {
  return { head: none, attachments: parts };
}

export function isFrames(parcel: Parcel): boolean {
  return headBytes(parcel) === 0;
}

const none = new Uint8Array(0);

/** A message whose arrival is all it says; among parts, "this one comes by another way". */
export const nothing: Parcel = frames([]);

export function isNothing(parcel: Parcel): boolean {
  return headBytes(parcel) === 0 && parcel.attachments.length === 0;
}
