/** A larger frame is no message of tsmpi: a script's files and a shell's environment are far smaller. */
const longestFrameBytes = 256 << 20;
const headerBytes = 8;

/** A message: values of JSON, and bytes that are sent raw. */
type Message = object & { bytes?: unknown };

/**
 * A message as bytes. If its `bytes` are a typed array they are not copied: 100 MB of output cost only their write to the
 * socket.
 *
 * ```text
 * 0 length of what follows the header u32   4 length of the JSON u32   8 JSON   the raw bytes
 * ```
 */
export function encode(message: Message): Uint8Array[] {
  const { bytes, ...rest } = message;
  const raw = bytes instanceof Uint8Array ? bytes : undefined;
  const json = Buffer.from(JSON.stringify(raw === undefined ? message : rest));
  const header = Buffer.allocUnsafe(headerBytes);
  header.writeUInt32LE(json.length + (raw?.length ?? 0), 0);
  header.writeUInt32LE(json.length, 4);
  return raw === undefined ? [header, json] : [header, json, raw];
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
      const jsonLength = rest.readUInt32LE(4);
      if (length > longestFrameBytes || jsonLength > length) throw new Error("what arrived is no message of tsmpi");
      if (rest.length < headerBytes + length) break;
      if (length > 0) found.push(decode(rest.subarray(headerBytes, headerBytes + length), jsonLength));
      rest = rest.subarray(headerBytes + length);
    }
    this.#needed = rest.length < headerBytes ? headerBytes : headerBytes + rest.readUInt32LE(0);
    this.#pieces = rest.length > 0 ? [rest] : [];
    this.#gathered = rest.length;
    return found;
  }
}

function decode(body: Buffer, jsonLength: number): unknown {
  const message = JSON.parse(body.toString("utf8", 0, jsonLength)) as unknown;
  if (typeof message !== "object" || message === null) throw new Error("what arrived is no message of tsmpi");
  return jsonLength < body.length ? { ...message, bytes: body.subarray(jsonLength) } : message;
}
