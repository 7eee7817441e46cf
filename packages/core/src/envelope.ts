import { MpiError } from "./errors.ts";
import type { Packet } from "./packet.ts";

/**
 * What a packet between two ranks is for. `docs/wire.md` draws the conversations.
 *
 * | kind | from | meaning |
 * | --- | --- | --- |
 * | message | sender | a whole message (eager) |
 * | request | sender | a large message waits at the sender until it is matched (rendezvous) |
 * | grant | receiver | that message is matched: send it |
 * | payload | sender | its bytes |
 * | received | receiver | the bytes (or the match of a synchronous send) have arrived |
 * | credit | receiver | so many bytes of eager messages were taken out of the mailbox |
 * | failure | any | a collective failed: whoever is in it, or comes to it, rejects with this error |
 * | question | any | it waits in this collective for that rank: is that one in another? |
 */
export const kind = {
  message: 1,
  request: 2,
  grant: 3,
  payload: 4,
  received: 5,
  credit: 6,
  failure: 7,
  question: 8,
} as const;
export type Kind = (typeof kind)[keyof typeof kind];

/** The fixed header of every packet. */
export interface Envelope {
  kind: Kind;
  /** True for the messages of collectives: they never match a user's receive. */
  collective: boolean;
  /** The sender of a small message wants to hear of its match. */
  sync: boolean;
  /** Which communicator. */
  context: number;
  /** Who sent the packet: its rank in the world. */
  source: number;
  /** The user's tag, or the number of the collective in its communicator. */
  tag: number;
  /** Names a conversation request-grant-payload-received, chosen by the sender of the message. */
  id: number;
  /** Counts the packets from this source to this destination, so that a lost one is noticed. */
  sequence: number;
  /** Size of the message's data in bytes; for `credit` the bytes given back. */
  bytes: number;
  /** For collectives: which operation and root, so that ranks that disagree are told so. */
  signature: number;
}

/** Bytes of the header: a multiple of 8, so that numbers behind it are aligned where the head is. */
export const headerBytes = 48;

const protocol = 0x01;
const magic = 0x4d54;
const flagCollective = 1;
const flagSync = 2;
const lastKind = kind.question;

/**
 * Envelope and body as one packet.
 *
 * ```text
 *  0 magic u16   2 protocol u8   3 kind u8   4 flags u32   8 context u32   12 source u32
 * 16 tag u32    20 id u32       24 sequence u32           28 signature u32
 * 32 bytes f64  40 attachments u32           44 length of the body in the head u32
 * 48 body
 * ```
 * All numbers are little-endian. One copy of the body's head, none of its attachments.
 */
export function seal(envelope: Envelope, { head: inline, attachments }: Packet): Packet {
  const { length } = inline;
  const head = Buffer.allocUnsafe(headerBytes + length);
  const view = new DataView(head.buffer, head.byteOffset, headerBytes);
  view.setUint16(0, magic, true);
  view.setUint8(2, protocol);
  view.setUint8(3, envelope.kind);
  view.setUint32(4, (envelope.collective ? flagCollective : 0) | (envelope.sync ? flagSync : 0), true);
  view.setUint32(8, envelope.context, true);
  view.setUint32(12, envelope.source, true);
  view.setUint32(16, envelope.tag, true);
  view.setUint32(20, envelope.id, true);
  view.setUint32(24, envelope.sequence, true);
  view.setUint32(28, envelope.signature, true);
  view.setFloat64(32, envelope.bytes, true);
  view.setUint32(40, attachments.length, true);
  view.setUint32(44, length, true);
  head.set(inline, headerBytes);
  return { head, attachments };
}

/**
 * Takes the head of a packet apart again: its envelope, the head of its body (a view onto its memory), and how many
 * attachments belong to it.
 *
 * @throws MpiError `protocol` for anything that {@link seal} did not make.
 */
export function open(head: Uint8Array): { envelope: Envelope; head: Uint8Array; attachments: number } {
  if (head.length < headerBytes)
    throw malformed(`it has ${head.length} bytes, the header alone takes ${headerBytes}`, head);
  const view = new DataView(head.buffer, head.byteOffset, headerBytes);
  if (view.getUint16(0, true) !== magic) throw malformed("it does not begin as tsmpi's packets do", head);
  if (view.getUint8(2) !== protocol)
    throw malformed(`it speaks version ${view.getUint8(2)} of the protocol, this rank speaks ${protocol}`, head);
  const kindByte = view.getUint8(3);
  if (kindByte < 1 || kindByte > lastKind) throw malformed(`its kind ${kindByte} does not exist`, head);
  if (view.getUint32(44, true) !== head.length - headerBytes) throw malformed("its length is wrong", head);
  const bytes = view.getFloat64(32, true);
  if (!(bytes >= 0)) throw malformed("its size is not a number of bytes", head);
  const flags = view.getUint32(4, true);
  return {
    envelope: {
      kind: kindByte as Kind,
      collective: (flags & flagCollective) !== 0,
      sync: (flags & flagSync) !== 0,
      context: view.getUint32(8, true),
      source: view.getUint32(12, true),
      tag: view.getUint32(16, true),
      id: view.getUint32(20, true),
      sequence: view.getUint32(24, true),
      signature: view.getUint32(28, true),
      bytes,
    },
    head: head.subarray(headerBytes),
    attachments: view.getUint32(40, true),
  };
}

/** Length of the packet's head that begins at `offset`: splits a batch of heads. */
export function measure(batch: Uint8Array, offset: number): number {
  if (batch.length - offset < headerBytes) throw malformed("it ends within its header", batch.subarray(offset));
  const view = new DataView(batch.buffer, batch.byteOffset + offset, headerBytes);
  const length = headerBytes + view.getUint32(44, true);
  if (length > batch.length - offset) throw malformed("it is shorter than it says", batch.subarray(offset));
  return length;
}

/** An error that names the rank from which the packet says that it comes, where that much can be read. */
export function malformed(why: string, head: Uint8Array): MpiError {
  const view = new DataView(head.buffer, head.byteOffset, head.length);
  const rank = head.length >= headerBytes && view.getUint16(0, true) === magic ? view.getUint32(12, true) : undefined;
  const who = rank === undefined ? "" : ` in the name of rank ${rank}`;
  return new MpiError("protocol", `a packet that is not one of tsmpi's arrived${who}: ${why}`, { rank });
}
