import * as fs from "node:fs";
import { promisify } from "node:util";
import { MpiError } from "../calls/errors.ts";

/** More than 2 GiB in one call are an error of Node. */
const mostBytes = 256 << 20;

/**
 * By descriptors, not by Node's `FileHandle`: one that is forgotten is closed by the garbage collector with a warning that says
 * nothing about the program, and one day with an error.
 */
const open = promisify(fs.open);
const write = promisify(fs.write);
const read = promisify(fs.read);
const fstat = promisify(fs.fstat);
const ftruncate = promisify(fs.ftruncate);
const fsync = promisify(fs.fsync);
const close = promisify(fs.close);

/** This rank's own descriptor of a file: whole reads and writes at positions. */
export class LocalFile {
  readonly fd: number;
  #closed = false;

  private constructor(fd: number) {
    this.fd = fd;
  }

  static async open(path: string, flags: number, mode?: number): Promise<LocalFile> {
    return new LocalFile(await open(path, flags, mode));
  }

  async write(bytes: Uint8Array, position: number): Promise<void> {
    for (let done = 0; done < bytes.length; ) {
      const most = Math.min(mostBytes, bytes.length - done);
      const { bytesWritten } = await write(this.fd, bytes, done, most, position + done);
      done += bytesWritten;
    }
  }

  /** @throws MpiError `io` when the file ends before */
  async read(into: Uint8Array, position: number): Promise<void> {
    for (let done = 0; done < into.length; ) {
      const most = Math.min(mostBytes, into.length - done);
      const { bytesRead } = await read(this.fd, into, done, most, position + done);
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
    return (await fstat(this.fd)).size;
  }

  truncate(bytes: number): Promise<void> {
    return ftruncate(this.fd, bytes);
  }

  sync(): Promise<void> {
    return fsync(this.fd);
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await close(this.fd);
  }
}
