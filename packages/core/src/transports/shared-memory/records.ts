import { type Envelope, type Kind, kind } from "../../wire/envelope.ts";
import type { Ring } from "./ring.ts";

/**
 * The kinds of records in a ring.
 *
 * | kind | contents |
 * | --- | --- |
 * | hello | pid, and the address and value of a number in the writer's memory, which the reader tries to read there |
 * | whole | a packet: envelope, lengths of its attachments, head, attachments |
 * | short | the same without attachments; the head's second byte, with which an array begins, lies at a multiple of 8 |
 * | begin | a packet too large for one record: envelope, lengths of its attachments; `more` records follow |
 * | more | the next bytes of the head and the attachments |
 * | split | a packet whose only attachment follows in pieces (`more`), copied as they come: envelope, its length, head |
 * | lent | a packet whose attachments stay where they are: envelope, their lengths, their addresses, head |
 *
 * Everything begins at a multiple of 8 bytes. Lengths and addresses are doubles, so that those beyond 4 GiB fit.
 * ```text
 *  0 kind and flags u32   4 head's length u32   8 context u32   12 source u32
 * 16 tag u32   20 id u32   24 sequence u32   28 signature u32
 * 32 bytes f64   40 attachments u32                               48 what follows the envelope
 * ```
 */
export const record = { hello: 1, whole: 2, begin: 3, more: 4, lent: 5, split: 6, short: 7 } as const;

/** The answer to `hello`, in the ring's note. */
export const readable = { unknown: 0, yes: 1, no: 2 } as const;

/** Bytes of the envelope at the beginning of a record. */
export const envelopeBytes = 48;

/** Where the head of a `short` record begins. */
export const shortHead: number = envelopeBytes + 7;

const flagCollective = 0x100;
const flagSync = 0x200;

export function writeEnvelope(ring: Ring, at: number, envelope: Envelope, head: number, attachments: number): void {
  const { words } = ring;
  const word = at >> 2;
  words[word] = envelope.kind | (envelope.collective ? flagCollective : 0) | (envelope.sync ? flagSync : 0);
  words[word + 1] = head;
  words[word + 2] = envelope.context;
  words[word + 3] = envelope.source;
  words[word + 4] = envelope.tag;
  words[word + 5] = envelope.id;
  words[word + 6] = envelope.sequence;
  words[word + 7] = envelope.signature;
  ring.numbers[(at + 32) >> 3] = envelope.bytes;
  words[word + 10] = attachments;
}

/** The envelope of a `short` record: a user's message without exchange. */
export function writeShortEnvelope(
  { words, numbers }: Ring,
  at: number,
  context: number,
  source: number,
  tag: number,
  sequence: number,
  bytes: number,
): void {
  const word = at >> 2;
  words[word] = kind.message;
  words[word + 1] = bytes;
  words[word + 2] = context;
  words[word + 3] = source;
  words[word + 4] = tag;
  words[word + 5] = 0;
  words[word + 6] = sequence;
  words[word + 7] = 0;
  numbers[(at + 32) >> 3] = bytes;
  words[word + 10] = 0;
}

/** Reads the envelope at the beginning of a record. */
export function readEnvelope(ring: Ring, at: number): Envelope {
  const { words } = ring;
  const word = at >> 2;
  const flags = words[word] as number;
  return {
    kind: (flags & 0xff) as Kind,
    collective: (flags & flagCollective) !== 0,
    sync: (flags & flagSync) !== 0,
    context: words[word + 2] as number,
    source: words[word + 3] as number,
    tag: words[word + 4] as number,
    id: words[word + 5] as number,
    sequence: words[word + 6] as number,
    bytes: ring.numbers[(at + 32) >> 3] as number,
    signature: words[word + 7] as number,
  };
}

export function headLength(ring: Ring, at: number): number {
  return ring.words[(at >> 2) + 1] as number;
}

export function attachmentCount(ring: Ring, at: number): number {
  return ring.words[(at >> 2) + 10] as number;
}
