import type { Packet } from "../../transport.ts";
import { aligned, readable, record } from "./records.ts";
import type { Ring } from "./ring.ts";
import type { System } from "./system.ts";

/** What one rank receives from another on its host. */
export class Inlet {
  readonly source: number;
  readonly #system: System;
  readonly #ring: Ring;
  readonly #deliver: (packet: Packet) => void;
  #pid = 0;
  /** The writer was killed before what it lent could be read: the job is told of its end, and nothing more comes from it. */
  #dead = false;
  /** The packet that is being streamed, and how far it has come. */
  #parts: Uint8Array[] = [];
  #part = 0;
  #offset = 0;

  constructor(system: System, source: number, ring: Ring, deliver: (packet: Packet) => void) {
    this.#system = system;
    this.source = source;
    this.#ring = ring;
    this.#deliver = deliver;
  }

  get pending(): boolean {
    return this.#ring.pending && !this.#dead;
  }

  /** Delivers what has arrived, `most` records of it; false when there was nothing. True in `starved`: the writer waits. */
  poll(most: number): boolean {
    let taken = 0;
    while (taken < most && !this.#dead && this.#ring.read(this.#take)) taken++;
    return taken > 0;
  }

  /** Whether the writer waits for the room that reading has made. Asked once per wait. */
  takeStarved(): boolean {
    if (!this.#ring.starved) return false;
    this.#ring.starved = false;
    return true;
  }

  readonly #take = (kind: number, position: number, length: number): void => {
    switch (kind) {
      case record.hello:
        this.#hello(position >> 3);
        break;
      case record.whole:
        this.#whole(position);
        break;
      case record.begin:
        this.#begin(position >> 3);
        break;
      case record.more:
        this.#more(position, length);
        break;
      case record.lent:
        this.#lent(position);
        break;
    }
  };

  #hello(at: number): void {
    const [pid = 0, address = 0, value] = this.#ring.numbers.subarray(at, at + 3);
    const read = new Float64Array(1);
    this.#pid = pid;
    const may = this.#system.readFrom(pid, BigInt(address), new Uint8Array(read.buffer)) && read[0] === value;
    this.#ring.note = may ? readable.yes : readable.no;
  }

  #whole(position: number): void {
    const { numbers } = this.#ring;
    let at = position >> 3;
    const count = numbers[at++] as number;
    let from = position + 8 * (1 + count);
    const head = this.#copy(from, numbers[at] as number);
    if (count === 1) {
      this.#deliver({ head, attachments: none });
      return;
    }
    const attachments: Uint8Array[] = [];
    for (let part = 1; part < count; part++) {
      from += aligned(numbers[at++] as number);
      attachments.push(this.#copy(from, numbers[at] as number));
    }
    this.#deliver({ head, attachments });
  }

  #begin(at: number): void {
    const { numbers } = this.#ring;
    const count = numbers[at] as number;
    this.#parts = Array.from(numbers.subarray(at + 1, at + 1 + count), (length) => Buffer.allocUnsafeSlow(length));
    this.#part = 0;
    this.#offset = 0;
    this.#skipFull();
  }

  #more(position: number, length: number): void {
    const part = this.#parts[this.#part] as Uint8Array;
    part.set(this.#ring.bytes.subarray(position, position + length), this.#offset);
    this.#offset += length;
    this.#skipFull();
  }

  #skipFull(): void {
    while (this.#part < this.#parts.length && this.#offset === this.#parts[this.#part]?.length) {
      this.#part++;
      this.#offset = 0;
    }
    if (this.#part < this.#parts.length) return;
    const [head, ...attachments] = this.#parts;
    this.#parts = [];
    if (head !== undefined) this.#deliver({ head, attachments });
  }

  #lent(position: number): void {
    const { numbers } = this.#ring;
    const at = position >> 3;
    const count = numbers[at] as number;
    const attachments: Uint8Array[] = [];
    for (let part = 1; part < count; part++) {
      const bytes = Buffer.allocUnsafeSlow(numbers[at + 1 + part] as number);
      if (!this.#system.readFrom(this.#pid, BigInt(numbers[at + count + part] as number), bytes)) {
        this.#dead = true;
        return;
      }
      attachments.push(bytes);
    }
    this.#deliver({ head: this.#copy(position + 8 * 2 * count, numbers[at + 1] as number), attachments });
  }

  #copy(from: number, length: number): Uint8Array {
    const bytes = Buffer.allocUnsafe(length);
    bytes.set(this.#ring.bytes.subarray(from, from + length));
    return bytes;
  }
}

const none: readonly Uint8Array[] = [];
