/** A larger frame is no message of tsmpi: a script's files and a shell's environment are far smaller. */
const longestFrameBytes = 256 << 20;
const headerBytes = 8;
/** Longer JSON that goes to many is compressed. */
const longestPlainBytes = 4096;
/** In the length of the JSON: it is compressed. Above the longest frame. */
const compressedBit = 1 << 30;

/** A message: values of JSON, and bytes that are sent raw. */
type Message = object & { bytes?: unknown };

/**
 * A message as bytes. If its `bytes` are a typed array they are not copied: 100 MB of output cost only their write to the
 * socket.
 *
 * ```text
 * 0 length of what follows the header u32   4 length of the JSON u32   8 JSON   the raw bytes
 * ```
 * Bit 30 of the second length: the JSON is compressed (raw deflate), and the length is that of the compressed bytes.
 *
 * @param toMany long JSON is worth to be compressed
 */
export function encode(message: Message, toMany = false): Uint8Array[] {
  const { bytes, ...rest } = message;
  const raw = bytes instanceof Uint8Array ? bytes : undefined;
  const plain = Buffer.from(JSON.stringify(raw === undefined ? message : rest));
  const isCompressed = toMany && plain.length > longestPlainBytes;
  const json = isCompressed ? zlib().deflateRawSync(plain, { level: 1 }) : plain;
  const header = Buffer.allocUnsafe(headerBytes);
  header.writeUInt32LE(json.length + (raw?.length ?? 0), 0);
  header.writeUInt32LE(isCompressed ? json.length + compressedBit : json.length, 4);
  return raw === undefined ? [header, json] : [header, json, raw];
}

/**
 * The bytes of a message that goes to many: made when they are first needed, and once. The addresses of all ranks go to all
 * hosts, n^2 of them: compressed to a fifth, they take the launcher a third of the time to encrypt and write.
 */
export function encodedOnce(message: Message): () => Uint8Array[] {
  let parts: Uint8Array[] | undefined;
  return () => {
    parts ??= encode(message, true);
    return parts;
  };
}

/** An empty frame: this end is alive. */
export const heartbeat: Uint8Array = Buffer.alloc(headerBytes);

/** Makes messages of the pieces that a socket delivers. */
export class Decoder {
  #pieces: Uint8Array[] = [];
  #gathered = 0;
  #needed = headerBytes;

  /** The messages that this piece completes. Throws if {@link encode} has not made them. */
  push(piece: Uint8Array): unknown[] {
    this.#pieces.push(piece);
    this.#gathered += piece.length;
    if (this.#gathered < this.#needed) return [];
    const found: unknown[] = [];
    let rest = Buffer.concat(this.#pieces);
    while (rest.length >= headerBytes) {
      const length = rest.readUInt32LE(0);
      const word = rest.readUInt32LE(4);
      const isCompressed = word >= compressedBit;
      const jsonLength = isCompressed ? word - compressedBit : word;
      if (length > longestFrameBytes || jsonLength > length) throw new Error("what arrived is no message of tsmpi");
      if (rest.length < headerBytes + length) break;
      if (length > 0) found.push(decode(rest.subarray(headerBytes, headerBytes + length), jsonLength, isCompressed));
      rest = rest.subarray(headerBytes + length);
    }
    this.#needed = rest.length < headerBytes ? headerBytes : headerBytes + rest.readUInt32LE(0);
    this.#pieces = rest.length > 0 ? [rest] : [];
    this.#gathered = rest.length;
    return found;
  }
}

function decode(body: Buffer, jsonLength: number, isCompressed: boolean): unknown {
  const json = body.subarray(0, jsonLength);
  const message = JSON.parse((isCompressed ? inflated(json) : json).toString()) as unknown;
  if (typeof message !== "object" || message === null) throw new Error("what arrived is no message of tsmpi");
  return jsonLength < body.length ? { ...message, bytes: body.subarray(jsonLength) } : message;
}

function inflated(bytes: Buffer): Buffer {
  try {
    return zlib().inflateRawSync(bytes, { maxOutputLength: longestFrameBytes });
  } catch {
    throw new Error("what arrived is no message of tsmpi");
  }
}

/** Loaded when it is needed: most jobs are on one host, and send no frames. */
function zlib(): typeof import("node:zlib") {
  return process.getBuiltinModule("node:zlib");
}
