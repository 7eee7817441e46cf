/** Bytes that travel between two ranks of a world: a small `head`, which never changes once it is made, and large parts. */
export interface Packet {
  head: Uint8Array;
  attachments: readonly Uint8Array[];
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
