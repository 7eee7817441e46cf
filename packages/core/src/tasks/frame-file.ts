import { closeSync, constants, fstatSync, fsyncSync, ftruncateSync, openSync, readSync, writevSync } from "node:fs";
import { crc32 } from "node:zlib";

/** Length of the content, as a double: no limit in practice; then its checksum. */
const prefixBytes = 8 + 4;

/**
 * A file of checked frames, appended to and never changed: `magic [length][crc32] content [length][crc32] content ...`
 *
 * What a killed writer left of its last frame fails its length or its checksum. It is cut off by {@link FrameFile.append},
 * with whatever is behind it: nothing can be known about that.
 */
export class FrameFile {
  readonly #file: number;
  readonly #size: number;
  /** Where the next frame is read; after reading, where the next one is written. */
  #at = 0;

  /** Opens the file, or makes it. */
  constructor(path: string) {
    this.#file = openSync(path, constants.O_RDWR | constants.O_CREAT, 0o666);
    this.#size = fstatSync(this.#file).size;
  }

  /** Bytes that have not been read. */
  get unread(): number {
    return this.#size - this.#at;
  }

  /** Reads past the magic. False when the file begins with something else; a beginning of it passes, for it may be torn. */
  begins(magic: Buffer): boolean {
    const start = this.#read(0, Math.min(magic.length, this.#size));
    this.#at = start.length;
    return magic.subarray(0, start.length).equals(start);
  }

  /** The next frame's content; undefined when there is none, or none that is whole. */
  next(): Buffer | undefined {
    if (this.unread < prefixBytes) return undefined;
    const prefix = this.#read(this.#at, prefixBytes);
    const length = prefix.readDoubleLE(0);
    // A block that was never written is zeros, and nothing has the checksum 0.
    if (!Number.isSafeInteger(length) || length <= 0 || length > this.unread - prefixBytes) return undefined;
    const content = this.#read(this.#at + prefixBytes, length);
    if (content.length !== length || crc32(content) !== prefix.readUInt32LE(8)) return undefined;
    this.#at += prefixBytes + length;
    return content;
  }

  /** Empties the file and begins it anew. */
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
        prefix.writeDoubleLE(parts.reduce((bytes, part) => bytes + part.byteLength, 0));
        prefix.writeUInt32LE(
          parts.reduce((sum, part) => crc32(part, sum), 0),
          8,
        );
        return [prefix, ...parts];
      }),
    );
  }

  close(): void {
    fsyncSync(this.#file);
    closeSync(this.#file);
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
