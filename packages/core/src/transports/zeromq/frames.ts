import { type Envelope, headerBytes, malformed, readHeader, writeHeader } from "../../envelope.ts";
import { aligned, copyHead, copyOf, Excerpt, headBytes, Memory, type Packet } from "../../packet.ts";
import type { Receiver } from "../../transport.ts";
import { sealBytes } from "./seal.ts";

/**
 * Attachments are cut into pieces of so many bytes, each a frame: ZeroMQ encrypts, sends, decrypts and copies frame by
 * frame, so both ends work at the same time. Measured on two hosts, 64 MiB there and back: 620 ms in one piece, 280 in
 * these; smaller ones cost more frames.
 */
export const pieceBytes: number = 128 * 1024;

/**
 * A batch is sent when it reaches this size, also within a turn of the event loop: who sends without ever waiting would come
 * to one only when his credit is used up, and then he and his receiver would take turns.
 */
export const batchBytes: number = 64 * 1024;

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
 * goes there, if it has to be copied anyway: a frame of its own would cost each end 20 to 40 us more. Others are frames
 * of their own, copied unless they are lent: any number of whole pieces and one that is shorter, which may be empty.
 */
export class Batch {
  #memory: Memory | undefined;
  #start = 0;
  #end = 0;
  #frames: Uint8Array[] = [];
  #chunkBytes = chunkBytes;

  /** Bytes of the first frame so far. */
  get bytes(): number {
    return this.#end - this.#start;
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
    if (sole !== undefined) memory.bytes.set(sole, at + front);
    else for (const each of attachments) cut(lent ? each : copyOf(each), this.#frames);
  }

  /** The frames of what has been added, which is forgotten. The first one ends with `room`, at most a seal's. */
  take(room: number = 0): Uint8Array[] {
    const { bytes } = this.#reserve(0);
    const end = this.#end + room;
    const frames = [bytes.subarray(this.#start, end), ...this.#frames];
    const took = end - this.#start;
    this.#start = aligned(end);
    this.#end = this.#start;
    this.#frames = [];
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

function cut(attachment: Uint8Array, frames: Uint8Array[]): void {
  if (attachment.length < pieceBytes) frames.push(attachment);
  else
    for (let at = 0; at <= attachment.length; at += pieceBytes) frames.push(attachment.subarray(at, at + pieceBytes));
}

/**
 * Delivers the packets of these frames. What came in pieces is put together, where its receiver wants it.
 *
 * @throws MpiError `protocol` for frames that {@link Batch} did not make.
 */
export function deliver([batch, ...frames]: readonly Buffer[], receiver: Receiver): void {
  if (batch === undefined) return;
  const memory = memoryOf(batch);
  const { bytes, view } = memory;
  const end = batch.length;
  let next = 0;
  for (let at = 0; at < end; ) {
    const { envelope, contents } = readHeader(view, at, end);
    const { head: length, attachments: count, inline } = contents;
    const from = at + headerBytes;
    const behind = from + aligned(length);
    const after = behind + aligned(inline ?? 0);
    if (after > end) throw malformed("it is shorter than it says", view, at, end);
    if (count === 0) {
      receiver.packet(envelope, new Excerpt(memory, from, from + length), false);
      at = after;
      continue;
    }
    const head = bytes.subarray(from, from + length);
    const attachments: Uint8Array[] = [];
    if (inline !== undefined) attachments.push(bytes.subarray(behind, behind + inline));
    const landing = (bytes: number) => (count === 1 ? receiver.landing(envelope, head, bytes) : undefined);
    while (attachments.length < count) {
      const last = endOf(frames, next);
      if (last === undefined) throw malformed("parts of it are missing", view, at, end);
      attachments.push(joined(frames.slice(next, last), landing));
      next = last;
    }
    // Borrowed: who keeps an array of this frame is to have it in memory of its own, of its own size.
    receiver.packet(envelope, { head, attachments }, inline !== undefined);
    at = after;
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

/** Behind the last piece of the attachment that begins at `first`. */
function endOf(frames: readonly Buffer[], first: number): number | undefined {
  for (let i = first; i < frames.length; i++) if (frames[i]?.length !== pieceBytes) return i + 1;
  return undefined;
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
  }
  return whole;
}
