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

  constructor(bytes: Buffer, start: number, end: number) {
    this.bytes = bytes;
    this.start = start;
    this.end = end;
  }

  get head(): Uint8Array {
    return this.bytes.subarray(this.start, this.end);
  }

  get attachments(): readonly Uint8Array[] {
    return none;
  }
}

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
