import { closeSync, constants, openSync, writeSync } from "node:fs";
import { Socket, type SocketConstructorOpts } from "node:net";
import type { System } from "../libc.ts";

/**
 * Wakes a rank that sleeps on its event loop: one byte in a fifo ends the sleep. A write costs 2 us, a wake-up a
 * context switch. Nothing is written while no rank sleeps.
 */
export class WakeFifo {
  readonly #socket: Socket;
  #keepsAlive = false;

  constructor(system: System, path: string, woken: () => void) {
    system.makeFifo(path);
    const fd = openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
    // A buffer and a callback of our own avoid the cost of a stream for each byte.
    const callback = (): boolean => {
      woken();
      return true;
    };
    const onread = { buffer: new Uint8Array(64), callback };
    this.#socket = new Socket({ fd, readable: true, writable: false, onread } as SocketConstructorOpts);
    this.#socket.resume();
    this.#socket.on("error", () => {});
    this.#socket.unref();
  }

  /** Whether the fifo keeps the process alive. */
  keepAlive(wanted: boolean): void {
    if (wanted === this.#keepsAlive) return;
    this.#keepsAlive = wanted;
    if (wanted) this.#socket.ref();
    else this.#socket.unref();
  }

  close(): void {
    this.#socket.destroy();
  }
}

/** The fifo of another rank. */
export class WakeFifoWriter {
  readonly #path: string;
  #fd: number | undefined;

  constructor(path: string) {
    this.#path = path;
  }

  write(): void {
    try {
      this.#fd ??= openSync(this.#path, constants.O_WRONLY | constants.O_NONBLOCK);
      writeSync(this.#fd, one);
    } catch {
      // Full: enough bytes are there. Without a reader: that rank has ended.
    }
  }

  close(): void {
    if (this.#fd !== undefined) closeSync(this.#fd);
    this.#fd = undefined;
  }
}

const one = new Uint8Array(1);
