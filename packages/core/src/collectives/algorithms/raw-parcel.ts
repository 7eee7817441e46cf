import type { Parcel } from "../../wire/codec/codec.ts";
import { headBytes } from "../../wire/packet.ts";

/**
 * A parcel of raw bytes of a collective itself, not of a user's value. Its head is empty, which no encoded value's is. So the first
 * message of an algorithm shows which algorithm it belongs to.
 */
export function frames(parts: readonly Uint8Array[]): Parcel {
  return { head: none, attachments: parts };
}

export function isFrames(parcel: Parcel): boolean {
  return headBytes(parcel) === 0;
}

const none = new Uint8Array(0);

/** An empty message. Among parts it means that the part is sent separately. */
export const nothing: Parcel = frames([]);

export function isNothing(parcel: Parcel): boolean {
  return headBytes(parcel) === 0 && parcel.attachments.length === 0;
}
