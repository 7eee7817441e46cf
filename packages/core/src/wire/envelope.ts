import { MpiError } from "../calls/errors.ts";

/**
 * What a packet between two ranks is for. `docs/wire.md` draws the exchanges.
 *
 * | kind | from | meaning |
 * | --- | --- | --- |
 * | message | sender | a whole message (eager) |
 * | request | sender | a large message waits at the sender until it is matched (rendezvous) |
 * | grant | receiver | that message is matched: send it |
 * | payload | sender | its bytes |
 * | received | receiver | the bytes (or the match of a synchronous send) have arrived |
 * | credit | receiver | so many bytes of eager messages were received |
 * | failure | any | a collective failed: ranks that are in it, or reach it later, reject with this error |
 * | question | any | the sender waits in this collective for the receiver, and asks whether it is in another one |
 * | withdraw | sender | the message of that request will not come: its send was cancelled before the grant |
 * | access | origin | reads or changes the receiver's part of a window |
 * | answer | target | the result of that access |
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
  withdraw: 9,
  access: 10,
  answer: 11,
} as const;
export type Kind = (typeof kind)[keyof typeof kind];

/** The fixed header of every packet. */
export interface Envelope {
  kind: Kind;
  /** True for the messages of collectives: they never match a user's receive. */
  collective: boolean;
  /** The sender of a small message waits for its match. */
  sync: boolean;
  /** The communicator. */
  context: number;
  /** The sender of the packet: its rank in the world. */
  source: number;
  /** The user's tag, or the number of the collective in its communicator. */
  tag: number;
  /** Identifies an exchange request-grant-payload-received. Chosen by the sender of the message. */
  id: number;
  /** Counts the packets from this source to this destination, so that a lost one is noticed. */
  sequence: number;
  /** Size of the message's data in bytes; for `credit` the bytes that are returned. */
  bytes: number;
  /** For collectives: the operation and the root, so that ranks that disagree get an error. */
  signature: number;
}

/** Bytes of the header. A multiple of 8, so that numbers behind it are aligned if the header is. */
export const headerBytes = 48;

const protocol = 0x02;
const magic = 0x4d54;
const flagCollective = 1;
const flagSync = 2;
const flagInline = 4;
const lastKind = kind.answer;

/** What the header says about the bytes behind it. */
export interface Contents {
  /** Length of the body's head. */
  head: number;
  /** How many attachments there are. */
  attachments: number;
  /** Length of the only attachment, if it follows the head. */
  inline: number | undefined;
}

/**
 * Writes a packet's header.
 *
 * ```text
 *  0 magic u16   2 protocol u8   3 kind u8   4 flags u32   8 context u32   12 source u32
 * 16 tag u32    20 id u32       24 sequence u32           28 signature u32
 * 32 bytes f64  40 attachments, or length of the one that is inline u32   44 length of the body's head u32
 * 48 the body's head
 * ```
 * All numbers are little-endian.
 */
export function writeHeader(view: DataView, at: number, envelope: Envelope, contents: Contents): void {
  const { head, attachments, inline } = contents;
  const flags = (envelope.collective ? flagCollective : 0) | (envelope.sync ? flagSync : 0);
  view.setUint16(at, magic, true);
  view.setUint8(at + 2, protocol);
  view.setUint8(at + 3, envelope.kind);
  view.setUint32(at + 4, inline === undefined ? flags : flags | flagInline, true);
  view.setUint32(at + 8, envelope.context, true);
  view.setUint32(at + 12, envelope.source, true);
  view.setUint32(at + 16, envelope.tag, true);
  view.setUint32(at + 20, envelope.id, true);
  view.setUint32(at + 24, envelope.sequence, true);
  view.setUint32(at + 28, envelope.signature, true);
  view.setFloat64(at + 32, envelope.bytes, true);
  view.setUint32(at + 40, inline ?? attachments, true);
  view.setUint32(at + 44, head, true);
}

/**
 * Reads the header at `at`. The packet's bytes end at `end`.
 *
 * @throws MpiError `protocol` for anything that {@link writeHeader} did not make.
 */
export function readHeader(view: DataView, at: number, end: number): { envelope: Envelope; contents: Contents } {
  const refuse = (why: string): MpiError => malformed(why, view, at, end);
  if (end - at < headerBytes) throw refuse(`it has ${end - at} bytes, the header alone takes ${headerBytes}`);
  if (view.getUint16(at, true) !== magic) throw refuse("it does not begin as tsmpi's packets do");
  if (view.getUint8(at + 2) !== protocol)
    throw refuse(`it speaks version ${view.getUint8(at + 2)} of the protocol, this rank speaks ${protocol}`);
  const kindByte = view.getUint8(at + 3);
  if (kindByte < 1 || kindByte > lastKind) throw refuse(`its kind ${kindByte} does not exist`);
  const bytes = view.getFloat64(at + 32, true);
  if (!(bytes >= 0)) throw refuse("its size is not a number of bytes");
  const flags = view.getUint32(at + 4, true);
  const isInline = (flags & flagInline) !== 0;
  const count = view.getUint32(at + 40, true);
  return {
    envelope: {
      kind: kindByte as Kind,
      collective: (flags & flagCollective) !== 0,
      sync: (flags & flagSync) !== 0,
      context: view.getUint32(at + 8, true),
      source: view.getUint32(at + 12, true),
      tag: view.getUint32(at + 16, true),
      id: view.getUint32(at + 20, true),
      sequence: view.getUint32(at + 24, true),
      bytes,
      signature: view.getUint32(at + 28, true),
    },
    contents: {
      head: view.getUint32(at + 44, true),
      attachments: isInline ? 1 : count,
      inline: isInline ? count : undefined,
    },
  };
}

/** An error that names the packet's source, if that can be read. */
export function malformed(why: string, view: DataView, at: number, end: number): MpiError {
  const rank =
    end - at >= headerBytes && view.getUint16(at, true) === magic ? view.getUint32(at + 12, true) : undefined;
  const who = rank === undefined ? "" : ` in the name of rank ${rank}`;
  return new MpiError("protocol", `a packet that is not one of tsmpi's arrived${who}: ${why}`, { rank });
}
