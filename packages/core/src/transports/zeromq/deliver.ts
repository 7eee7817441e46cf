import { RegionBytes } from "../../calls/regions/region-bytes.ts";
import { type Landing, landed } from "../../wire/codec/codec.ts";
import { headerBytes, malformed, readHeader } from "../../wire/envelope.ts";
import { aligned, Excerpt, Memory } from "../../wire/packet.ts";
import type { Receiver } from "../../wire/transport.ts";
import { pieceBytes, smallPieceBytes } from "./batch.ts";
import { release } from "./release.ts";

/**
 * Delivers the packets of a ZeroMQ message. Joins the pieces of attachments, where the receiver wants them. Frames that
 * are not needed any more are empty afterwards: ZeroMQ has their memory back.
 *
 * @throws MpiError `protocol` for frames that {@link Batch} did not make.
 */
export function deliver(frames: readonly Buffer[], receiver: Receiver): void {
  const [first] = frames;
  if (first === undefined) return;
  const arrival = new ArrivedFrames(frames, first, receiver);
  while (!arrival.isOver) arrival.packet();
}

/** A ZeroMQ message that has arrived, and how far it has been read. */
class ArrivedFrames {
  readonly #frames: readonly Buffer[];
  readonly #first: Buffer;
  readonly #receiver: Receiver;
  /**
   * The frame with the current packet; the next packet is at `at`. If a packet goes on in later frames, this becomes
   * the last of those.
   */
  #memory: Memory;
  #at = 0;
  #end: number;
  /** The first frame that has not been read. */
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
      // Borrowed, so that a receiver that keeps the array copies it into memory of its own size.
      this.#receiver.packet(envelope, { head, attachments: [bytes.subarray(behind, behind + inline)] }, true);
      if (at === 0 && this.isOver) release(this.#first);
      return;
    }
    const attachments: Uint8Array[] = [];
    while (attachments.length < count) {
      const pieces = inline === undefined ? this.#pieces() : this.#begunHere(inline);
      if (pieces === undefined) throw malformed("parts of it are missing", view, at, end);
      const whole = joined(pieces, (bytes) =>
        count === 1 ? this.#receiver.landing(envelope, head, bytes) : undefined,
      );
      if (whole instanceof RegionBytes) {
        this.#receiver.packet(envelope, landed(head, whole), false);
        return;
      }
      attachments.push(whole);
    }
    this.#receiver.packet(envelope, { head, attachments }, false);
  }

  /** The pieces of an attachment of so many bytes that begins in this frame and goes on in the next ones. */
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

  /** The pieces of the next attachment that has frames of its own. */
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

/** The frame in place if numbers are aligned there, otherwise a copy. */
function memoryOf(frame: Buffer): Memory {
  const { buffer, byteOffset, length } = frame;
  if ((byteOffset & 7) === 0 && (buffer.byteLength & 3) === 0) {
    return new Memory(new Uint8Array(buffer as ArrayBuffer), byteOffset);
  }
  const own = Buffer.allocUnsafeSlow(aligned(length));
  own.set(frame);
  return new Memory(own);
}

function joined(pieces: readonly Buffer[], landing: (bytes: number) => Landing | undefined): Landing {
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
