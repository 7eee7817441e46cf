import type { Packet } from "../../transport.ts";
import type { Clapper } from "./bell.ts";
import type { Doorstep } from "./doorstep.ts";
import { aligned, readable, record } from "./records.ts";
import type { Ring } from "./ring.ts";
import type { System } from "./system.ts";

/** Attachments from this size on stay in place and are fetched by the reader: above it one copy saves more than a system call costs. */
const lendBytes = 32 * 1024;

/** What one rank sends to another on its host: a ring, and a queue for what the ring has no room for. */
export class Outlet {
  readonly #system: System;
  readonly #ring: Ring;
  readonly #doorstep: Doorstep;
  readonly #clapper: Clapper;
  readonly #queue: Packet[] = [];
  /** The packet that is being streamed: its parts, and how far it has come. */
  #streamed: { parts: readonly Uint8Array[]; part: number; offset: number } | undefined;
  /** Packets whose attachments the reader has yet to fetch, with their positions: they must not be collected. */
  readonly #lent: { packet: Packet; position: number }[] = [];
  readonly #probe: Float64Array = new Float64Array([Math.random()]);

  constructor(system: System, ring: Ring, doorstep: Doorstep, clapper: Clapper) {
    this.#system = system;
    this.#ring = ring;
    this.#doorstep = doorstep;
    this.#clapper = clapper;
    const at = ring.reserve(24);
    const address = Number(system.addressOf(new Uint8Array(this.#probe.buffer)));
    ring.numbers.set([process.pid, address, this.#probe[0] as number], at >> 3);
    ring.commit(at, 24, record.hello);
  }

  /** Packets that the ring has no room for are waiting here. */
  get full(): boolean {
    return this.#queue.length > 0 || this.#streamed !== undefined;
  }

  send(packet: Packet): void {
    if (this.full || !this.#write(packet)) this.#queue.push(packet);
    this.wake();
  }

  /** Writes what has room now; asks to be woken when there is more. */
  push(): void {
    if (!this.full) return;
    this.#ring.starved = true;
    let wrote = false;
    while (this.#stream() && this.#queue.length > 0 && this.#write(this.#queue[0] as Packet)) {
      this.#queue.shift();
      wrote = true;
    }
    if (!this.full) this.#ring.starved = false;
    if (wrote || this.#streamed !== undefined) this.wake();
  }

  /** Rings at the reader's, if it sleeps. */
  wake(): void {
    if (this.#doorstep.rouse()) this.#clapper.ring();
  }

  close(): void {
    this.#clapper.close();
  }

  #write(packet: Packet): boolean {
    this.#forgetFetched();
    const { head, attachments } = packet;
    let bytes = aligned(8 + 8 * (1 + attachments.length)) + aligned(head.length);
    if (attachments.some((part) => part.length >= lendBytes) && this.#ring.note === readable.yes) {
      return this.#lend(packet, bytes + 8 * attachments.length);
    }
    for (const part of attachments) bytes += aligned(part.length);
    if (bytes > this.#ring.capacity / 4) return this.#begin([head, ...attachments]);
    const at = this.#ring.reserve(bytes);
    if (at < 0) return false;
    let to = this.#describe(at, head, attachments);
    to = this.#put(head, to);
    for (const part of attachments) to = this.#put(part, to);
    this.#ring.commit(at, bytes, record.whole);
    return true;
  }

  #lend(packet: Packet, bytes: number): boolean {
    const { head, attachments } = packet;
    const at = this.#ring.reserve(bytes);
    if (at < 0) return false;
    let to = this.#describe(at, head, attachments);
    for (const part of attachments) {
      this.#ring.numbers[to >> 3] = Number(this.#system.addressOf(part));
      to += 8;
    }
    this.#put(head, to);
    this.#ring.commit(at, bytes, record.lent);
    this.#lent.push({ packet, position: this.#ring.written });
    return true;
  }

  #begin(parts: readonly Uint8Array[]): boolean {
    const bytes = 8 + 8 * parts.length;
    const at = this.#ring.reserve(bytes);
    if (at < 0) return false;
    this.#describe(at, parts[0] as Uint8Array, parts.slice(1));
    this.#ring.commit(at, bytes, record.begin);
    this.#streamed = { parts, part: 0, offset: 0 };
    this.#stream();
    return true;
  }

  /** Writes as much of the streamed packet as there is room for. True when there is none, or no more of it. */
  #stream(): boolean {
    const stream = this.#streamed;
    if (stream === undefined) return true;
    for (;;) {
      const part = stream.parts[stream.part];
      if (part === undefined) {
        this.#streamed = undefined;
        return true;
      }
      const left = part.length - stream.offset;
      if (left === 0) {
        stream.part++;
        stream.offset = 0;
        continue;
      }
      const bytes = Math.min(left, this.#ring.room(Math.min(left, this.#ring.capacity / 4)) || (left < 8 ? left : 0));
      const at = bytes > 0 ? this.#ring.reserve(bytes) : -1;
      if (at < 0) return false;
      this.#ring.bytes.set(part.subarray(stream.offset, stream.offset + bytes), at);
      this.#ring.commit(at, bytes, record.more);
      stream.offset += bytes;
    }
  }

  /** Number and lengths of the parts, at `at`; returns where to go on. */
  #describe(at: number, head: Uint8Array, attachments: readonly Uint8Array[]): number {
    const { numbers } = this.#ring;
    let to = at >> 3;
    numbers[to++] = 1 + attachments.length;
    numbers[to++] = head.length;
    for (const part of attachments) numbers[to++] = part.length;
    return to << 3;
  }

  #put(part: Uint8Array, to: number): number {
    this.#ring.bytes.set(part, to);
    return to + aligned(part.length);
  }

  #forgetFetched(): void {
    while (this.#lent[0] !== undefined && this.#ring.hasPassed(this.#lent[0].position)) this.#lent.shift();
  }
}
