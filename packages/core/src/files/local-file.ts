import * as fs from "node:fs";
import { promisify } from "node:util";
import { MpiError } from "../calls/errors.ts";
import { System } from "../transports/libc.ts";

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

/**
 * This rank's own descriptor of a file: whole reads and writes at positions. It is closed when what is under way has ended: the
 * operating system would give the same number to the next file that is opened, and the rest would be written there.
 */
export class LocalFile {
  readonly #fd: number;
  #closed = false;
  readonly #underWay: Set<Promise<unknown>> = new Set();

  private constructor(fd: number) {
    this.#fd = fd;
  }

  static async open(path: string, flags: number, mode?: number): Promise<LocalFile> {
    return new LocalFile(await open(path, flags, mode));
  }

  write(bytes: Uint8Array, position: number): Promise<void> {
    return this.#use(async (fd) => {
      for (let done = 0; done < bytes.length; ) {
        const most = Math.min(mostBytes, bytes.length - done);
        const { bytesWritten } = await write(fd, bytes, done, most, position + done);
        done += bytesWritten;
      }
    });
  }

  /** @throws MpiError `io` when the file ends before */
  read(into: Uint8Array, position: number): Promise<void> {
    return this.#use(async (fd) => {
      for (let done = 0; done < into.length; ) {
        const most = Math.min(mostBytes, into.length - done);
        const { bytesRead } = await read(fd, into, done, most, position + done);
        if (bytesRead === 0) {
          throw new MpiError(
            "io",
            `the file ends at byte ${position + done}, but the bytes ${position} to ${position + into.length} were to be read`,
          );
        }
        done += bytesRead;
      }
    });
  }

  size(): Promise<number> {
    return this.#use(async (fd) => (await fstat(fd)).size);
  }

  truncate(bytes: number): Promise<void> {
    return this.#use((fd) => ftruncate(fd, bytes));
  }

  /** Makes the file at least so long, with room on the disk for all of it where the C library can be asked. */
  allocate(bytes: number): Promise<void> {
    return this.#use(async (fd) => {
      const error = System.loadIfAny()?.allocate(fd, bytes);
      if (error !== undefined) throw Object.assign(new Error(error), { code: error, syscall: "posix_fallocate" });
      if ((await fstat(fd)).size < bytes) await ftruncate(fd, bytes);
    });
  }

  sync(): Promise<void> {
    return this.#use((fd) => fsync(fd));
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await Promise.allSettled(this.#underWay);
    await close(this.#fd);
  }

  async #use<R>(work: (fd: number) => Promise<R>): Promise<R> {
    if (this.#closed) throw new MpiError("closed", "the file was closed");
    const done = work(this.#fd);
    this.#underWay.add(done);
    try {
      return await done;
    } finally {
      this.#underWay.delete(done);
    }
  }
}
