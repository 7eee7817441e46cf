import { MpiError } from "../../calls/errors.ts";
import { attachmentsOf, headBytes, type Packet } from "../packet.ts";

/**
 * An encoded value. Immutable and self-describing: it may be sent to many ranks, forwarded, and decoded more than once.
 *
 * The first byte of `head` is its {@link Form}. `attachments` are the large parts, in the order in which they were met.
 */
export type Parcel = Packet;

/** The form of a parcel. A raw array's form is one of the two raw bits plus its kind, see `bytes.ts`. */
export const Form = {
  bundle: 0,
  undefined: 1,
  null: 2,
  false: 3,
  true: 4,
  number: 5,
  /** MessagePack of the value itself. */
  plain: 6,
  /** MessagePack of the value's table of nodes, see `node-table.ts`. */
  graph: 7,
  /** Added to `plain` and `graph`: the MessagePack is the first attachment. */
  attached: 8,
  rawInHead: 0x20,
  rawAttached: 0x40,
} as const;

/**
 * Larger parts become attachments. Up to this size copying (0.2 µs for 4 KiB) is cheaper than one more frame, and the
 * receiver needs no buffer of its own.
 */
export const inlineBytes = 4096;

/**
 * The limit for an array that is the whole value. Shared memory copies it once, from its place to where it is wanted. A
 * copy in between costs 1 µs at 1 KiB, and much more above the size of Node's pool of small buffers.
 */
export const inlineArrayBytes = 1024;

export const nothingAttached: readonly Uint8Array[] = Object.freeze([]);

/** The size of a parcel on the wire: head and attachments. */
export function byteLength(parcel: Parcel): number {
  let bytes = headBytes(parcel);
  const attachments = attachmentsOf(parcel);
  // By index, as wherever each message passes: an iterator of an empty array takes as much memory as the message.
  for (let i = 0; i < attachments.length; i++) bytes += (attachments[i] as Uint8Array).length;
  return bytes;
}

/** The same memory as a Buffer, whose read methods are faster than a DataView made for one read. */
export function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** The error for bytes that are no {@link Parcel}. */
export function malformed(why: string, cause?: unknown): MpiError {
  return new MpiError("protocol", `a message that is no encoded value arrived: ${why}`, { cause });
}
