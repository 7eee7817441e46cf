import { type FileHandle, open } from "node:fs/promises";
import { MpiError } from "../calls/errors.ts";

/** More than 2 GiB in one call are an error of Node. */
const mostBytes = 256 << 20;

/** This rank's own handle of a file: whole reads and writes at positions. */
export class LocalFile {
  readonly #handle: FileHandle;
  #closed = false;

  private constructor(handle: FileHandle) {
    this.#handle = handle;
  }

  static async open(path: string, flags: number, mode?: number): Promise<LocalFile> {
    return new LocalFile(await open(path, flags, mode));
  }

  get fd(): number {
    return this.#handle.fd;
  }

  async write(bytes: Uint8Array, position: number): Promise<void> {
    for (let done = 0; done < bytes.length; ) {
      const most = Math.min(mostBytes, bytes.length - done);
      const { bytesWritten } = await this.#handle.write(bytes, done, most, position + done);
      done += bytesWritten;
    }
  }

  /** @throws MpiError `io` when the file ends before */
  async read(into: Uint8Array, position: number): Promise<void> {
    for (let done = 0; done < into.length; ) {
      const most = Math.min(mostBytes, into.length - done);
      const { bytesRead } = await this.#handle.read(into, done, most, position + done);
      if (bytesRead === 0) {
        throw new MpiError(
          "io",
          `the file ends at byte ${position + done}, but the bytes ${position} to ${position + into.length} were to be read`,
        );
      }
      done += bytesRead;
    }
  }

  async size(): Promise<number> {
    const { size } = await this.#handle.stat();
    return size;
  }

  async truncate(bytes: number): Promise<void> {
    await this.#handle.truncate(bytes);
  }

  async sync(): Promise<void> {
    await this.#handle.sync();
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#handle.close();
  }
}
