import { closeSync, unlinkSync } from "node:fs";
import { MpiError, messageOf } from "../../calls/errors.ts";
import { Instance } from "../../wasm/module.ts";
import type { AtomicLoops, PartRange, SharedParts } from "../../wire/transport.ts";
import type { System } from "../libc.ts";
import { pageBytes } from "./arena.ts";

/** Bytes that pass through the module's memory at once: a block of operands and a block of old values. */
const blockBytes = 16 * 1024;
/** WebAssembly has addresses of 32 bits. */
const mostBytes = 2 ** 32 - 2 ** 20;
/** Buffers that have files mapped over them. Were one collected before, the allocator would use shared memory for other things. */
const inUse: Set<ArrayBuffer> = new Set();

/**
 * Parts of one file that the ranks of a host map. Each part begins at a page of its own.
 *
 * ```text
 * memory of a module   operands | old values | part 0 | part 1 | ...
 * file                                         part 0 | part 1 | ...
 * ```
 * The file is mapped over the pages of a WebAssembly module's memory, whose loops change elements atomically. Where that is not
 * possible (more than 4 GiB, no WebAssembly), over the pages of a buffer for each part.
 */
export class MappedParts implements SharedParts {
  readonly parts: readonly Uint8Array<ArrayBuffer>[];
  readonly loops: AtomicLoops | undefined;
  readonly isPrivate = false;
  readonly #system: System;
  readonly #path: string;
  readonly #instance: Instance | undefined;
  /** Where files are mapped: whole pages. */
  readonly #places: Uint8Array<ArrayBuffer>[] = [];
  #released = false;

  /** @param own what this process allocates; the pages are on the memory of its CPU */
  constructor(system: System, path: string, sizes: readonly number[], own: readonly PartRange[]) {
    this.#system = system;
    this.#path = path;
    const starts: number[] = [];
    let end = 0;
    for (const size of sizes) {
      starts.push(end);
      end += wholePages(size);
    }
    const ranges = own.map(({ part, from, until }): [number, number] => {
      const start = starts[part] as number;
      return [start + from - (from % pageBytes), start + wholePages(until)];
    });
    const fd = this.#open(end, ranges);
    try {
      this.#instance = instanceFor(end);
      this.parts = sizes.map((size, part) => this.#map(fd, starts[part] as number, size));
      this.loops = this.#instance && new Loops(this.#instance);
    } catch (error) {
      this.release();
      throw error;
    } finally {
      closeSync(fd);
    }
  }

  unlink(): void {
    try {
      unlinkSync(this.#path);
    } catch {
      // it was never made, or the job's directory is being removed
    }
  }

  release(): void {
    if (this.#released) return;
    this.#released = true;
    const memory = this.#instance?.detach();
    if (memory !== undefined) this.#system.restore(new Uint8Array(memory, scratchBytes));
    for (const place of this.#places) {
      const { buffer } = place;
      this.#system.restore(place);
      structuredClone(buffer, { transfer: [buffer] }); // ends all views of it
      inUse.delete(buffer);
    }
  }

  #open(bytes: number, ranges: readonly [number, number][]): number {
    try {
      return this.#system.openFile(this.#path, Math.max(bytes, pageBytes), ranges);
    } catch (error) {
      if (error instanceof MpiError) throw error;
      throw new MpiError("launch", `cannot make shared memory of ${bytes} bytes: ${messageOf(error)}`, {
        cause: error,
      });
    }
  }

  #map(fd: number, start: number, size: number): Uint8Array<ArrayBuffer> {
    const bytes = wholePages(size);
    if (this.#instance !== undefined) {
      const place = new Uint8Array(this.#instance.memory, scratchBytes + start, bytes);
      if (bytes > 0) this.#system.mapPart(fd, start, place);
      return place.subarray(0, size);
    }
    const buffer = new ArrayBuffer(bytes + pageBytes);
    const address = this.#system.addressOf(new Uint8Array(buffer));
    const place = new Uint8Array(buffer, (pageBytes - Number(address % BigInt(pageBytes))) % pageBytes, bytes);
    if (bytes > 0) {
      inUse.add(buffer);
      this.#system.mapPart(fd, start, place);
      this.#places.push(place);
    }
    return place.subarray(0, size);
  }
}

class Loops implements AtomicLoops {
  readonly operands: Uint8Array<ArrayBuffer>;
  readonly old: Uint8Array<ArrayBuffer>;
  readonly #instance: Instance;

  constructor(instance: Instance) {
    this.#instance = instance;
    this.operands = new Uint8Array(instance.memory, 0, blockBytes);
    this.old = new Uint8Array(instance.memory, blockBytes, blockBytes);
  }

  accumulate(op: number, kind: number, target: number, bytes: number, keepsOld: boolean): void {
    this.#instance.exports.accumulate(op, kind, target, 0, keepsOld ? blockBytes : 0, bytes);
  }
}

const scratchBytes = 2 * blockBytes;

function instanceFor(bytes: number): Instance | undefined {
  if (scratchBytes + bytes > mostBytes) return undefined;
  try {
    return new Instance(scratchBytes + bytes);
  } catch {
    return undefined; // `--jitless`, or a small `ulimit -v`
  }
}

function wholePages(bytes: number): number {
  return Math.ceil(bytes / pageBytes) * pageBytes;
}
