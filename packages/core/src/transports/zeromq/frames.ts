import { malformed, measure, open } from "../../envelope.ts";
import type { Packet } from "../../packet.ts";
import type { Receiver } from "../../transport.ts";

/**
 * Attachments are cut into pieces of so many bytes, each a frame: ZeroMQ encrypts, sends, decrypts and copies frame by
 * frame, so both ends work at the same time. Measured on two hosts, 64 MiB there and back: 620 ms in one piece, 280 in
 * these; smaller ones cost more frames.
 */
export const pieceBytes: number = 128 * 1024;

/**
 * Packets as the frames of one ZeroMQ message. No copy of the attachments.
 *
 * ```text
 * [ head | head | head ... ] [piece] [piece] [rest] [rest] ...   heads know their length and attachments
 * ```
 * An attachment is any number of whole pieces and one that is shorter, which may be empty.
 */
export function toFrames(packets: readonly Packet[]): Uint8Array[] {
  const [first] = packets;
  const heads =
    packets.length === 1 && first !== undefined ? first.head : Buffer.concat(packets.map(({ head }) => head));
  return [heads, ...packets.flatMap(({ attachments }) => attachments.flatMap(cut))];
}

function cut(attachment: Uint8Array): Uint8Array | Uint8Array[] {
  if (attachment.length < pieceBytes) return attachment;
  const pieces: Uint8Array[] = [];
  for (let at = 0; at <= attachment.length; at += pieceBytes) pieces.push(attachment.subarray(at, at + pieceBytes));
  return pieces;
}

/**
 * Delivers the packets of these frames. What came in pieces is put together, where its receiver wants it.
 *
 * @throws MpiError `protocol` for frames that {@link toFrames} did not make.
 */
export function deliver([batch, ...frames]: readonly Buffer[], receiver: Receiver): void {
  if (batch === undefined) return;
  let next = 0;
  for (let offset = 0; offset < batch.length; ) {
    const length = measure(batch, offset);
    const packet = batch.subarray(offset, offset + length);
    const { envelope, head, attachments: count } = open(packet);
    const landing = (bytes: number) => (count === 1 ? receiver.landing(envelope, head, bytes) : undefined);
    const attachments: Uint8Array[] = [];
    while (attachments.length < count) {
      const end = endOf(frames, next);
      if (end === undefined) throw malformed("parts of it are missing", packet);
      attachments.push(joined(frames.slice(next, end), landing));
      next = end;
    }
    receiver.packet(envelope, { head, attachments }, false);
    offset += length;
  }
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
