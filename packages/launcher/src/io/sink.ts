import { fstatSync, write, writev } from "node:fs";
import { Socket } from "node:net";

/**
 * The destination of bytes: a terminal, a file, a pipe. A write never blocks the event loop, even if the reader sleeps.
 * `written` is called when the bytes have left this process, or with the reason why they cannot.
 */
export interface Sink {
  write(bytes: Uint8Array, written: (error: Error | undefined) => void): void;
}

/** The sink for a file descriptor. */
export function openSink(fd: number): Sink {
  const stat = fstatSync(fd);
  return stat.isFIFO() || stat.isSocket() ? new PipeSink(fd) : new FileSink(fd);
}

/** Whether two descriptors lead to the same place, so that output to one moves the cursor of the other. */
export function sameDestination(a: number, b: number): boolean {
  const [first, second] = [fstatSync(a), fstatSync(b)];
  return first.dev === second.dev && first.ino === second.ino && first.rdev === second.rdev;
}

/** Pipes and sockets: written when the kernel reports room, so that a stuck reader blocks no thread. */
class PipeSink implements Sink {
  readonly #socket: Socket;

  constructor(fd: number) {
    this.#socket = new Socket({ fd, readable: false, writable: true });
    this.#socket.on("error", () => {}); // each write reports its own error
  }

  write(bytes: Uint8Array, written: (error: Error | undefined) => void): void {
    this.#socket.write(bytes, (error) => written(error ?? undefined));
  }
}

/** Files and terminals: one write at a time on a thread of the pool, of everything queued by then. */
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
      // Another process has made a shared terminal non-blocking.
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
