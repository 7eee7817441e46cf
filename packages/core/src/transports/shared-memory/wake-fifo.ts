import { closeSync, constants, openSync, writeSync } from "node:fs";
import { Socket, type SocketConstructorOpts } from "node:net";
import type { System } from "../libc.ts";

/**
 * Wakes a rank that sleeps on its event loop: a fifo, whose one byte ends the sleep. A write costs 2 us, a wake-up a
 * context switch; while nobody sleeps nobody rings.
 */
export class WakeFifo {
  readonly #socket: Socket;
  #keepsAlive = false;

  constructor(system: System, path: string, rung: () => void) {
    system.makeFifo(path);
    const fd = openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
    // With a buffer and a callback of our own nothing of a stream's machinery runs for each byte.
    const callback = (): boolean => {
      rung();
      return true;
    };
    const onread = { buffer: new Uint8Array(64), callback };
    this.#socket = new Socket({ fd, readable: true, writable: false, onread } as SocketConstructorOpts);
    this.#socket.resume();
    this.#socket.on("error", () => {});
    this.#socket.unref();
  }

  /** Whether a sleeping process stays alive for the bell. */
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

/** Somebody else's bell. */
export class WakeFifoWriter {
  readonly #path: string;
  #fd: number | undefined;

  constructor(path: string) {
    this.#path = path;
  }

  ring(): void {
    try {
      this.#fd ??= openSync(this.#path, constants.O_WRONLY | constants.O_NONBLOCK);
      writeSync(this.#fd, one);
    } catch {
      // Full: it has been rung often enough. Without a reader: that rank has ended.
    }
  }

  close(): void {
    if (this.#fd !== undefined) closeSync(this.#fd);
    this.#fd = undefined;
  }
}

const one = new Uint8Array(1);
