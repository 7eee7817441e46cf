import { type Elements, isBlock } from "../../calls/regions/block.ts";
import { RegionBytes } from "../../calls/regions/region-bytes.ts";
import type { TypedArray } from "../../calls/typed-array.ts";
import { Excerpt, Gathered, type Packet } from "../packet.ts";
import { Form, type Parcel } from "./parcel.ts";
import { fits } from "./typed-arrays.ts";

/**
 * Copies the typed array of a parcel to the beginning of `into`, if it has the same type and fits.
 *
 * False otherwise: then nothing is written, and {@link decode} gives the value.
 */
export function decodeInto(parcel: Parcel, into: Elements): boolean {
  if (isBlock(into)) return decodeIntoBlock(parcel, new RegionBytes(into));
  if (parcel instanceof Excerpt) return copyInto(parcel.memory.bytes, parcel.start, parcel.end, into);
  const { head, attachments } = parcel;
  const form = head[0] ?? Form.bundle;
  const [attachment] = attachments;
  if (attachment === undefined && fits(into, form - Form.rawInHead)) {
    const length = head.byteLength - 1;
    if (length > into.byteLength) return false;
    new Uint8Array(into.buffer, into.byteOffset, length).set(head.subarray(1));
    return true;
  }
  if (!fits(into, form - Form.rawAttached) || attachment === undefined || attachments.length > 1) return false;
  if (attachment.byteLength > into.byteLength) return false;
  if (attachment.buffer === into.buffer && attachment.byteOffset === into.byteOffset) return true; // the transport has put it there
  new Uint8Array(into.buffer, into.byteOffset, attachment.byteLength).set(attachment);
  return true;
}

function decodeIntoBlock(parcel: Parcel, into: RegionBytes): boolean {
  if (parcel instanceof Gathered) return parcel.region.block === into.block; // the transport has put it there
  const { head, attachments } = parcel;
  const [bytes = head.subarray(1)] = attachments;
  const form = attachments.length === 0 ? Form.rawInHead : Form.rawAttached;
  if (attachments.length > 1 || !fits(into.block.array, (head[0] ?? Form.bundle) - form)) return false;
  if (bytes.length > into.length) return false;
  into.set(bytes);
  return true;
}

/**
 * The same for a parcel in larger memory. Copies a few bytes one by one, which is faster than making two views of them.
 */
function copyInto(bytes: Buffer, start: number, end: number, into: ArrayBufferView): boolean {
  if (!fits(into, (bytes[start] as number) - Form.rawInHead)) return false;
  const length = end - start - 1;
  if (length > into.byteLength) return false;
  const to = into instanceof Uint8Array ? into : new Uint8Array(into.buffer, into.byteOffset, length);
  if (length <= 64) for (let i = 0; i < length; i++) to[i] = bytes[start + 1 + i] as number;
  else to.set(bytes.subarray(start + 1, end));
  return true;
}

/** How many elements {@link decodeInto} copies of a parcel without attachments; undefined if it copies none. */
export function lengthIn(parcel: Parcel, into: TypedArray): number | undefined {
  const { head, attachments } = parcel;
  if (attachments.length > 0 || !fits(into, (head[0] as number) - Form.rawInHead)) return undefined;
  return (head.length - 1) / into.BYTES_PER_ELEMENT;
}

/** Whether a parcel with this head and one attachment is a typed array of the same type as `like`. */
export function isWhole(like: ArrayBufferView, head: Uint8Array): boolean {
  return head.length === 1 && fits(like, (head[0] as number) - Form.rawAttached);
}

/**
 * Where in `into` the only attachment, of so many bytes, of a parcel with this head belongs; undefined if it does not.
 */
export function landing(into: TypedArray, head: Uint8Array, bytes: number): Uint8Array | undefined {
  if (!isWhole(into, head) || bytes > into.byteLength) return undefined;
  return new Uint8Array(into.buffer, into.byteOffset, bytes);
}

/** {@link landing}, also in a block. */
export function landingIn(into: Elements, head: Uint8Array, bytes: number): Landing | undefined {
  if (!isBlock(into)) return landing(into, head, bytes);
  return isWhole(into.array, head) && bytes <= into.byteLength ? new RegionBytes(into, bytes) : undefined;
}

/** A packet whose only attachment has been put where it belongs. */
export function landed(head: Uint8Array, where: Landing): Packet {
  return where instanceof RegionBytes ? new Gathered(head, where) : { head, attachments: [where] };
}

/** Where the bytes of an attachment belong. */
export type Landing = Uint8Array | RegionBytes;
