import { fstatSync, write, writev } from "node:fs";
import { Socket } from "node:net";

/**
 * Where bytes go in the end: a terminal, a file, a pipe. Writing never blocks the event loop, whoever reads may sleep as
 * long as he likes; `written` tells when the bytes are out of this process, or why they never will be.
 */
export interface Sink {
  write(bytes: Uint8Array, written: (error: Error | undefined) => void): void;
}

/** The sink for a file descriptor, by what is behind it. */
export function openSink(fd: number): Sink {
  const stat = fstatSync(fd);
  return stat.isFIFO() || stat.isSocket() ? new PipeSink(fd) : new FileSink(fd);
}

/** Whether two descriptors lead to the same place: what goes to one of them moves the cursor of the other. */
export function sameDestination(a: number, b: number): boolean {
  const [first, second] = [fstatSync(a), fstatSync(b)];
  return first.dev === second.dev && first.ino === second.ino && first.rdev === second.rdev;
}

/** Pipes and sockets: written when the system says that there is room, so that a stuck reader holds up no thread. */
class PipeSink implements Sink {
  readonly #socket: Socket;

  constructor(fd: number) {
    this.#socket = new Socket({ fd, readable: false, writable: true });
    this.#socket.on("error", () => {}); // each write tells its caller
  }

  write(bytes: Uint8Array, written: (error: Error | undefined) => void): void {
    this.#socket.write(bytes, (error) => written(error ?? undefined));
  }
}

/** Files and terminals: one write at a time on a thread of the pool, of all that has gathered meanwhile. */
class FileSink implements Sink {
  readonly #fd: number;
  #queue: { bytes: Uint8Array; written: (error: Error | undefined) => void }[] = [];
  #writing = false;
  #failed: Error | undefined;

  constructor(fd: number) {
    this.#fd = fd;
  }

  write(bytes: Uint8Array, written: (error: Error | undefined) => void): void {
    this.#queue.push({ bytes, written });
    if (!this.#writing) void this.#drain();
  }

  async #drain(): Promise<void> {
    this.#writing = true;
    while (this.#queue.length > 0) {
      const batch = this.#queue.splice(0, mostBuffersPerWrite);
      try {
        if (this.#failed === undefined)
          await writeAll(
            this.#fd,
            batch.map(({ bytes }) => bytes),
          );
      } catch (error) {
        this.#failed = error as Error;
      }
      for (const { written } of batch) written(this.#failed);
    }
    this.#writing = false;
  }
}

const mostBuffersPerWrite = 512; // IOV_MAX is 1024
const retryMs = 10;

async function writeAll(fd: number, chunks: Uint8Array[]): Promise<void> {
  let rest = chunks;
  while (rest.length > 0) {
    try {
      rest = withoutFirst(rest, await writeSome(fd, rest));
    } catch (error) {
      // A terminal that somebody has made non-blocking for all who share it.
      if ((error as NodeJS.ErrnoException).code !== "EAGAIN") throw error;
      await new Promise((resolve) => setTimeout(resolve, retryMs));
    }
  }
}

function writeSome(fd: number, chunks: Uint8Array[]): Promise<number> {
  return new Promise((resolve, reject) => {
    const done = (error: Error | null, bytes: number) => (error === null ? resolve(bytes) : reject(error));
    if (chunks.length === 1) write(fd, chunks[0]!, done);
    else writev(fd, chunks, done);
  });
}

function withoutFirst(chunks: Uint8Array[], bytes: number): Uint8Array[] {
  let skip = bytes;
  const from = chunks.findIndex((chunk) => {
    if (skip < chunk.length) return true;
    skip -= chunk.length;
    return false;
  });
  return from < 0 ? [] : [chunks[from]!.subarray(skip), ...chunks.slice(from + 1)];
}
