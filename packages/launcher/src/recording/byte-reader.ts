/** Reads a stream in pieces of the lengths that are asked for. */
export class ByteReader {
  /** The code of the error when the stream ends too early. */
  static readonly endOfData = "END_OF_DATA";

  /** Bytes that have come. */
  total = 0;
  readonly #chunks: AsyncIterator<Uint8Array>;
  #chunk: Uint8Array = new Uint8Array(0);
  #at = 0;

  constructor(stream: AsyncIterable<Uint8Array>) {
    this.#chunks = stream[Symbol.asyncIterator]();
  }

  /** Fills `target` with the next bytes. */
  async fill(target: Uint8Array): Promise<void> {
    let filled = 0;
    while (filled < target.length) {
      if (!(await this.#hasMore()))
        throw Object.assign(new Error("the data end early"), { code: ByteReader.endOfData });
      const length = Math.min(target.length - filled, this.#chunk.length - this.#at);
      target.set(this.#chunk.subarray(this.#at, this.#at + length), filled);
      this.#at += length;
      filled += length;
    }
  }

  async take(length: number): Promise<Uint8Array> {
    const bytes = new Uint8Array(length);
    await this.fill(bytes);
    return bytes;
  }

  /** Text up to the end of the line, which is consumed; undefined if the line is longer than `most` or the data end before. */
  async line(most: number): Promise<string | undefined> {
    let text = "";
    while (text.length <= most && (await this.#hasMore())) {
      const byte = this.#chunk[this.#at++]!;
      if (byte === 10) return text;
      text += String.fromCharCode(byte);
    }
    return undefined;
  }

  async isAtEnd(): Promise<boolean> {
    return !(await this.#hasMore());
  }

  async #hasMore(): Promise<boolean> {
    while (this.#at === this.#chunk.length) {
      const { done, value } = await this.#chunks.next();
      if (done === true) return false;
      this.#chunk = value;
      this.#at = 0;
      this.total += value.length;
    }
    return true;
  }
}
