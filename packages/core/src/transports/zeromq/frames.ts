import { type Envelope, headerBytes, malformed, readHeader, writeHeader } from "../../wire/envelope.ts";
import { aligned, copyHead, copyOf, Excerpt, headBytes, Memory, type Packet } from "../../wire/packet.ts";
import type { Receiver } from "../../wire/transport.ts";
import { release } from "./release.ts";
import { sealBytes } from "./seal.ts";

/**
 * Attachments are cut into pieces of so many bytes, each a frame: ZeroMQ encrypts, sends, decrypts and copies frame by
 * frame, so both ends work at the same time. Measured on two hosts, there and back, encrypted: 1 MiB 4.2 ms in one piece,
 * 2.4 in these; in the clear 1.8 and 1.2.
 */
export const pieceBytes: number = 128 * 1024;
/**
 * The pieces of what is smaller and encrypted: 256 KiB 1,010 us in one piece, 830 in two, 700 in eight; 64 KiB 345 and 310.
 * Not in the clear, where they cost 10 us each and gain nothing.
 */
export const smallPieceBytes: number = 32 * 1024;
const mostInSmallPieces = 256 * 1024;

/**
 * A batch is sent when it reaches this size, also within a turn of the event loop: who sends without ever waiting would come
 * to one only when his credit is used up, and then he and his receiver would take turns.
 */
const batchBytes = 64 * 1024;

/** Batches are cut from memory of so many bytes; where they grow beyond it, each has memory for a full one and some more. */
const chunkBytes = 32 * 1024;
const fullBytes = batchBytes + 16 * 1024;

/**
 * Packets on their way to one rank, which become the frames of one ZeroMQ message.
 *
 * ```text
 * [ header head | header head attachment | header head ... ] [piece] [piece] [rest] [rest] ...
 *    1              2                        3                 the attachments of 1 and 3
 * ```
 * Headers, heads and attachments in the first frame begin at multiples of 8 bytes. The first packet's only attachment
 * goes there, if it has to be copied anyway: a frame of its own would cost each end 20 to 40 us more. Where that is
 * encrypted and large, the first frame ends within it, and the ones that follow go on with it. Other attachments are
 * frames of their own, copied unless they are lent: any number of whole pieces, and one that is shorter than the first,
 * which may be empty.
 */
export class Batch {
  #memory: Memory | undefined;
  #start = 0;
  #end = 0;
  /** Where the first packet's attachment begins that follows it, and its length; 0 if none does. */
  #inlineStart = 0;
  #inlineBytes = 0;
  #attachments: Uint8Array[] = [];
  /** Bytes of these. */
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
    const { attachments } = body;
    const sole = attachments.length === 1 && this.bytes === 0 && !lent ? attachments[0] : undefined;
    const inline = sole?.length;
    const front = aligned(headerBytes + head);
    const size = front + aligned(inline ?? 0);
    const memory = this.#reserve(size);
    const at = this.#end;
    this.#end += size;
    writeHeader(memory.view, at, envelope, { head, attachments: attachments.length, inline });
    copyHead(body, memory, at + headerBytes);
    if (sole !== undefined) {
      memory.bytes.set(sole, at + front);
      this.#inlineStart = front;
      this.#inlineBytes = sole.length;
    } else
      for (const each of attachments) {
        this.#attachments.push(lent ? each : copyOf(each));
        this.#attached += each.length;
      }
  }

  /**
   * The frames of what has been added, which is forgotten. Behind the packets is `room`, at most a seal's; what is
   * `encrypted` has none.
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
    // No room for another such one: it would have to be moved. And what was large is not kept until the next packet.
    if (bytes.length - end < took) this.#memory = undefined;
    return frames;
  }

  /** Memory with so many bytes left behind what is there: what was given away is never written again. */
  #reserve(more: number): Memory {
    const memory = this.#memory;
    if (memory !== undefined && this.#end + more + sealBytes <= memory.bytes.length) return memory;
    const { bytes } = this;
    const size = bytes + more + sealBytes;
    if (bytes > 0 && size > this.#chunkBytes) this.#chunkBytes = fullBytes;
    const next = new Memory(
      Buffer.allocUnsafeSlow(aligned(Math.max(this.#chunkBytes, bytes === 0 ? size : 2 * size))).buffer,
    );
    if (memory !== undefined) next.bytes.set(memory.bytes.subarray(this.#start, this.#end));
    this.#memory = next;
    this.#start = 0;
    this.#end = bytes;
    return next;
  }
}

function cut(attachment: Uint8Array, encrypted: boolean, frames: Uint8Array[]): void {
  const { length } = attachment;
  // One as long as a small piece would be taken for the first of several.
  const small = (encrypted && length <= mostInSmallPieces) || length === smallPieceBytes;
  const piece = small ? smallPieceBytes : pieceBytes;
  if (length < piece) frames.push(attachment);
  else for (let at = 0; at <= length; at += piece) frames.push(attachment.subarray(at, at + piece));
}

/**
 * Delivers the packets of these frames. What came in pieces is put together, where its receiver wants it. Frames of which
 * nothing is kept are empty afterwards: their memory is ZeroMQ's again.
 *
 * @throws MpiError `protocol` for frames that {@link Batch} did not make.
 */
export function deliver(frames: readonly Buffer[], receiver: Receiver): void {
  const [first] = frames;
  if (first === undefined) return;
  const arrival = new Arrival(frames, first, receiver);
  while (!arrival.isOver) arrival.packet();
}

/** The frames of a ZeroMQ message that has arrived, as far as they have been read. */
class Arrival {
  readonly #frames: readonly Buffer[];
  readonly #first: Buffer;
  readonly #receiver: Receiver;
  /** The frame that packets are in, the next of them at `at`; where it goes on in the frames behind, the last one of these. */
  #memory: Memory;
  #at = 0;
  #end: number;
  /** The first frame that has not been looked at yet. */
  #next = 1;

  constructor(frames: readonly Buffer[], first: Buffer, receiver: Receiver) {
    this.#frames = frames;
    this.#first = first;
    this.#receiver = receiver;
    this.#memory = memoryOf(first);
    this.#end = first.length;
  }

  get isOver(): boolean {
    return this.#at >= this.#end;
  }

  packet(): void {
    const memory = this.#memory;
    const { bytes, view } = memory;
    const at = this.#at;
    const end = this.#end;
    const { envelope, contents } = readHeader(view, at, end);
    const { head: length, attachments: count, inline } = contents;
    const from = at + headerBytes;
    const behind = from + aligned(length);
    if (behind > end) throw malformed("it is shorter than it says", view, at, end);
    this.#at = behind;
    if (count === 0) {
      this.#receiver.packet(envelope, new Excerpt(memory, from, from + length), false);
      return;
    }
    const head = bytes.subarray(from, from + length);
    if (inline !== undefined && behind + aligned(inline) <= end) {
      this.#at += aligned(inline);
      // Borrowed: who keeps an array of this frame is to have it in memory of its own, of its own size.
      this.#receiver.packet(envelope, { head, attachments: [bytes.subarray(behind, behind + inline)] }, true);
      if (at === 0 && this.isOver) release(this.#first);
      return;
    }
    const attachments: Uint8Array[] = [];
    while (attachments.length < count) {
      const pieces = inline === undefined ? this.#pieces() : this.#begunHere(inline);
      if (pieces === undefined) throw malformed("parts of it are missing", view, at, end);
      attachments.push(
        joined(pieces, (bytes) => (count === 1 ? this.#receiver.landing(envelope, head, bytes) : undefined)),
      );
    }
    this.#receiver.packet(envelope, { head, attachments }, false);
  }

  /** The pieces of an attachment of so many bytes that begins in this frame, and goes on in the next ones. */
  #begunHere(inline: number): Buffer[] | undefined {
    const pieces = [this.#memory.bytes.subarray(this.#at, this.#end)];
    let frame: Buffer | undefined;
    for (let missing = inline - (this.#end - this.#at); missing > 0; missing -= this.#end) {
      frame = this.#frames[this.#next++];
      if (frame === undefined) return undefined;
      pieces.push(frame.subarray(0, missing));
      this.#end = frame.length;
      this.#at = aligned(missing);
    }
    if (frame !== undefined && !this.isOver) this.#memory = memoryOf(frame);
    return pieces;
  }

  /** Those of the next attachment that has frames of its own. */
  #pieces(): readonly Buffer[] | undefined {
    const frames = this.#frames;
    const first = this.#next;
    const piece = frames[first]?.length;
    const several = piece === pieceBytes || piece === smallPieceBytes;
    let last = first;
    while (several && frames[last]?.length === piece) last++;
    if (last >= frames.length) return undefined;
    this.#next = last + 1;
    return frames.slice(first, this.#next);
  }
}

/** Shows a frame where it is, if numbers are aligned there. */
function memoryOf(frame: Buffer): Memory {
  const { buffer, byteOffset, length } = frame;
  if ((byteOffset & 7) === 0 && (buffer.byteLength & 3) === 0) return new Memory(buffer as ArrayBuffer, byteOffset);
  const own = Buffer.allocUnsafeSlow(aligned(length));
  own.set(frame);
  return new Memory(own.buffer as ArrayBuffer);
}

function joined(pieces: readonly Buffer[], landing: (bytes: number) => Uint8Array | undefined): Uint8Array {
  const [first] = pieces;
  if (pieces.length === 1 && first !== undefined) return first;
  const bytes = pieces.reduce((sum, { length }) => sum + length, 0);
  const whole = landing(bytes) ?? Buffer.allocUnsafeSlow(bytes);
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
    release(piece);
  }
  return whole;
}
