import { copyBytes, type RegionBytes } from "../../calls/regions/region-bytes.ts";
import { type Envelope, headerBytes, writeHeader } from "../../wire/envelope.ts";
import {
  aligned,
  attachmentsOf,
  copyHead,
  copyOf,
  Gathered,
  headBytes,
  Memory,
  type Packet,
} from "../../wire/packet.ts";
import { sealBytes } from "./seal.ts";

/**
 * Attachments are cut into pieces of this size, each a frame. ZeroMQ encrypts, sends, decrypts and copies frame by
 * frame, so both ends work at the same time. Measured on two hosts, there and back, encrypted: 1 MiB 4.2 ms in one
 * piece, 2.4 in these; in the clear 1.8 and 1.2.
 */
export const pieceBytes: number = 128 * 1024;
/**
 * The size of pieces for smaller attachments that are encrypted: 256 KiB 1,010 us in one piece, 830 in two, 700 in
 * eight; 64 KiB 345 and 310. Not used in the clear, where a piece costs 10 us and gains nothing.
 */
export const smallPieceBytes: number = 32 * 1024;
const mostInSmallPieces = 256 * 1024;

/**
 * A batch is sent when it reaches this size, also within a turn of the event loop. A program that sends without ever
 * waiting ends its turn only when its credit is used up; then sender and receiver would take turns.
 */
const batchBytes = 64 * 1024;

/**
 * Batches are cut from memory of this size. Where batches grow larger, each gets memory for a full one and some more.
 */
const chunkBytes = 32 * 1024;
const fullBytes = batchBytes + 16 * 1024;

/**
 * Packets for one rank, which become the frames of one ZeroMQ message.
 *
 * ```text
 * [ header head | header head attachment | header head ... ] [piece] [piece] [rest] [rest] ...
 *    1              2                        3                 the attachments of 1 and 3
 * ```
 * Headers, heads and attachments in the first frame begin at multiples of 8 bytes. If the first packet has one
 * attachment that must be copied anyway, it goes into the first frame: a frame of its own would cost each end 20 to 40
 * us more. If that attachment is encrypted and large, the first frame ends within it, and the following frames continue
 * it. Other attachments have frames of their own, copied unless they are lent: any number of whole pieces, then one
 * shorter piece, which may be empty.
 */
export class Batch {
  #memory: Memory | undefined;
  #start = 0;
  #end = 0;
  /** Where the attachment of the first packet begins in the first frame, and its length; 0 if there is none. */
  #inlineStart = 0;
  #inlineBytes = 0;
  #attachments: Uint8Array[] = [];
  /** The bytes of all attachments. */
  #attached = 0;
  #chunkBytes = chunkBytes;

  /** Bytes of the first frame so far. */
  get bytes(): number {
    return this.#end - this.#start;
  }

  get isFull(): boolean {
    return this.bytes + this.#attached >= batchBytes;
  }

  add(envelope: Envelope, body: Packet, lent: boolean): void {
    const head = headBytes(body);
    const attachments = attachmentsOf(body);
    const isCopied = !lent || (body instanceof Gathered && body.region.length <= batchBytes);
    const sole = attachments.length === 1 && this.bytes === 0 && isCopied ? attachments[0] : undefined;
    const inline = sole?.length;
    const front = aligned(headerBytes + head);
    const size = front + aligned(inline ?? 0);
    const memory = this.#reserve(size);
    const at = this.#end;
    this.#end += size;
    writeHeader(memory.view, at, envelope, { head, attachments: attachments.length, inline });
    copyHead(body, memory, at + headerBytes);
    if (sole !== undefined) {
      copyBytes(sole, 0, sole.length, memory.bytes, at + front);
      this.#inlineStart = front;
      this.#inlineBytes = sole.length;
    } else
      for (const each of attachments) {
        this.#attachments.push(asFrame(each, lent));
        this.#attached += each.length;
      }
  }

  /**
   * Returns the frames and begins a new batch. Leaves `room` bytes behind the packets for a seal; an `encrypted` batch
   * has none.
   */
  take(room: number = 0, encrypted: boolean = false): Uint8Array[] {
    const { bytes } = this.#reserve(0);
    const end = this.#end + room;
    const frames: Uint8Array[] = [];
    let start = this.#start;
    if (encrypted) {
      const inline = this.#start + this.#inlineStart;
      for (let at = 2 * smallPieceBytes; at <= this.#inlineBytes; at += smallPieceBytes) {
        const next = inline + at - smallPieceBytes;
        frames.push(bytes.subarray(start, next));
        start = next;
      }
    }
    frames.push(bytes.subarray(start, end));
    for (const each of this.#attachments) cut(each, encrypted, frames);
    const took = end - this.#start;
    this.#start = aligned(end);
    this.#end = this.#start;
    this.#inlineBytes = 0;
    this.#attachments = [];
    this.#attached = 0;
    // Another batch of this size would not fit and would have to be moved. This also frees large memory early.
    if (bytes.length - end < took) this.#memory = undefined;
    return frames;
  }

  /** Memory with room for so many more bytes. The memory of a batch that was taken is never written again. */
  #reserve(more: number): Memory {
    const memory = this.#memory;
    if (memory !== undefined && this.#end + more + sealBytes <= memory.bytes.length) return memory;
    const { bytes } = this;
    const size = bytes + more + sealBytes;
    if (bytes > 0 && size > this.#chunkBytes) this.#chunkBytes = fullBytes;
    const next = new Memory(Buffer.allocUnsafeSlow(aligned(Math.max(this.#chunkBytes, bytes === 0 ? size : 2 * size))));
    if (memory !== undefined) next.bytes.set(memory.bytes.subarray(this.#start, this.#end));
    this.#memory = next;
    this.#start = 0;
    this.#end = bytes;
    return next;
  }
}

/** ZeroMQ's thread reads it later: a region is copied, as other memory that is not lent. */
function asFrame(attachment: Uint8Array | RegionBytes, lent: boolean): Uint8Array {
  if (!(attachment instanceof Uint8Array)) return attachment.slice();
  return lent ? attachment : copyOf(attachment);
}

function cut(attachment: Uint8Array, encrypted: boolean, frames: Uint8Array[]): void {
  const { length } = attachment;
  // A piece of exactly this length would be taken for the first of several.
  const small = (encrypted && length <= mostInSmallPieces) || length === smallPieceBytes;
  const piece = small ? smallPieceBytes : pieceBytes;
  if (length < piece) frames.push(attachment);
  else for (let at = 0; at <= length; at += piece) frames.push(attachment.subarray(at, at + piece));
}
