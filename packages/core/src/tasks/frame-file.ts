import { closeSync, constants, fstatSync, fsyncSync, ftruncateSync, openSync, readSync, writevSync } from "node:fs";
import { crc32 } from "node:zlib";

/** Start of each frame, used to find the next frame after a damaged one. Its first byte occurs in no text. */
const marker = Buffer.from([0x9d, 0x74, 0x73, 0x6a]);
/** Marker, checksum of all that follows, and the content's length as a double, so that length has no limit in practice. */
const prefixBytes = 4 + 4 + 8;
const searchBytes = 1 << 20;

/**
 * A file of checked frames, appended to and never changed:
 *
 * ```text
 * magic [marker][crc32][length] content [marker][crc32][length] content ...
 * ```
 * A killed writer may leave a part of its last frame. Its length or checksum is wrong and no frame follows, so
 * {@link FrameFile.append} cuts it off. Where frames follow a damaged one, {@link FrameFile.next} continues with them.
 */
export class FrameFile {
  readonly #file: number;
  readonly #size: number;
  /** Position of the next frame to read; after the last one, position of the next frame to write. */
  #at = 0;

  /** Opens the file, or creates it. */
  constructor(path: string) {
    this.#file = openSync(path, constants.O_RDWR | constants.O_CREAT, 0o666);
    this.#size = fstatSync(this.#file).size;
  }

  /** Bytes that have not been read. */
  get unread(): number {
    return this.#size - this.#at;
  }

  /** Reads past the magic. False when the file begins with something else. A truncated magic passes, for a killed writer may leave one. */
  begins(magic: Buffer): boolean {
    const start = this.#read(0, Math.min(magic.length, this.#size));
    if (!magic.subarray(0, start.length).equals(start)) return false;
    this.#at = start.length;
    return true;
  }

  /**
   * The next frame's content; undefined after the last whole frame.
   * @param damaged called with damaged bytes that are skipped because a whole frame follows them
   */
  next(damaged: (bytes: number, at: number) => void): Buffer | undefined {
    for (let at = this.#at; at >= 0; at = this.#find(at + 1)) {
      const content = this.#frame(at);
      if (content === undefined) continue;
      if (at > this.#at) damaged(at - this.#at, this.#at);
      this.#at = at + prefixBytes + content.length;
      return content;
    }
    return undefined;
  }

  /** Empties the file and writes the magic. */
  begin(magic: Buffer): void {
    ftruncateSync(this.#file, 0);
    this.#at = 0;
    this.#write([magic]);
  }

  /** Writes frames after the last that was read or written. */
  append(frames: readonly (readonly Uint8Array[])[]): void {
    if (this.unread > 0) ftruncateSync(this.#file, this.#at);
    this.#write(
      frames.flatMap((parts) => {
        const prefix = Buffer.alloc(prefixBytes);
        prefix.set(marker);
        prefix.writeDoubleLE(
          parts.reduce((bytes, part) => bytes + part.byteLength, 0),
          8,
        );
        prefix.writeUInt32LE(
          parts.reduce((sum, part) => crc32(part, sum), crc32(prefix.subarray(8))),
          4,
        );
        return [prefix, ...parts];
      }),
    );
  }

  close(): void {
    fsyncSync(this.#file);
    closeSync(this.#file);
  }

  /** The content of the frame at this position; undefined if there is no whole frame. */
  #frame(at: number): Buffer | undefined {
    const room = this.#size - at - prefixBytes;
    if (room < 0) return undefined;
    const prefix = this.#read(at, prefixBytes);
    if (!prefix.subarray(0, marker.length).equals(marker)) return undefined;
    const length = prefix.readDoubleLE(8);
    if (!Number.isSafeInteger(length) || length < 0 || length > room) return undefined;
    const content = this.#read(at + prefixBytes, length);
    const sum = crc32(content, crc32(prefix.subarray(8)));
    return content.length === length && sum === prefix.readUInt32LE(4) ? content : undefined;
  }

  /** Position of the next marker; -1 when there is none. */
  #find(from: number): number {
    for (let at = from; at < this.#size; at += searchBytes) {
      const bytes = this.#read(at, Math.min(searchBytes + marker.length - 1, this.#size - at));
      const found = bytes.indexOf(marker);
      if (found >= 0) return at + found;
    }
    return -1;
  }

  #read(position: number, length: number): Buffer {
    const bytes = Buffer.allocUnsafe(length);
    let read = 0;
    while (read < length) {
      const more = readSync(this.#file, bytes, read, length - read, position + read);
      if (more === 0) break;
      read += more;
    }
    return bytes.subarray(0, read);
  }

  #write(parts: Uint8Array[]): void {
    let rest = parts.filter((part) => part.byteLength > 0);
    while (rest.length > 0) {
      let written = writevSync(this.#file, rest, this.#at);
      this.#at += written;
      while (rest[0] !== undefined && written >= rest[0].byteLength) {
        written -= rest[0].byteLength;
        rest = rest.slice(1);
      }
      if (written > 0 && rest[0] !== undefined) rest = [rest[0].subarray(written), ...rest.slice(1)];
    }
  }
}
