/** Bytes that travel between two ranks of a world: a small `head`, which never changes once it is made, and large parts. */
export interface Packet {
  readonly head: Uint8Array;
  readonly attachments: readonly Uint8Array[];
}

/**
 * A packet that lies in larger memory. Most packets are read once, where they are: nothing is allocated to show the head
 * until somebody asks for it.
 */
export class Excerpt implements Packet {
  readonly bytes: Buffer;
  readonly start: number;
  readonly end: number;
  /** The same memory as words, if the packet begins at a multiple of 4. */
  readonly words: Int32Array | undefined;

  constructor(bytes: Buffer, start: number, end: number, words?: Int32Array) {
    this.bytes = bytes;
    this.start = start;
    this.end = end;
    this.words = words;
  }

  get head(): Uint8Array {
    return this.bytes.subarray(this.start, this.end);
  }

  get attachments(): readonly Uint8Array[] {
    return none;
  }
}

/** Length of a packet's head. */
export function headBytes(packet: Packet): number {
  return packet instanceof Excerpt ? packet.end - packet.start : packet.head.length;
}

/**
 * Copies a packet's head to `at`, a multiple of 4, in memory that is shown as bytes and as words; up to three bytes behind it
 * are written, too. A short one word by word: 20 ns where a view of it, for the copying to begin with, takes 100.
 */
export function copyHead(packet: Packet, bytes: Uint8Array, words: Int32Array | Uint32Array, at: number): void {
  if (packet instanceof Excerpt && packet.words !== undefined && packet.end - packet.start <= shortBytes) {
    const { words: source } = packet;
    const shift = (at - packet.start) >> 2;
    const end = (packet.end + 3) >> 2;
    for (let i = packet.start >> 2; i < end; i++) words[i + shift] = source[i] as number;
  } else bytes.set(packet.head, at);
}

const shortBytes = 256;

/** The packet with attachments of its own instead of the caller's memory. */
export function withOwnAttachments(packet: Packet): Packet {
  return packet.attachments.length === 0 ? packet : { head: packet.head, attachments: packet.attachments.map(copyOf) };
}

/** The packet in memory of its own, to be kept. */
export function ownCopy({ head, attachments }: Packet): Packet {
  const own = Buffer.allocUnsafe(head.length);
  own.set(head);
  return { head: own, attachments: attachments.length === 0 ? attachments : attachments.map(copyOf) };
}

function copyOf(bytes: Uint8Array): Uint8Array {
  return Uint8Array.prototype.slice.call(bytes);
}

/** What a packet without a body carries. */
export const empty: Packet = Object.freeze({ head: new Uint8Array(0), attachments: Object.freeze([]) });

const none: readonly Uint8Array[] = Object.freeze([]);
