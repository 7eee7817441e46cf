import { copyBytes, type RegionBytes } from "../../calls/regions/region-bytes.ts";
import { type ShortValue, withArrayInHead, writeShort } from "../../wire/codec/codec.ts";
import type { Envelope } from "../../wire/envelope.ts";
import {
  aligned,
  attachmentsOf,
  copyHead,
  Gathered,
  headBytes,
  type Packet,
  withOwnAttachments,
} from "../../wire/packet.ts";
import type { ShortSender } from "../../wire/short-messages.ts";
import type { Watch } from "../../wire/transport.ts";
import type { System } from "../libc.ts";
import { envelopeBytes, readable, record, shortHead, writeEnvelope, writeShortEnvelope } from "./records.ts";
import type { Ring } from "./ring.ts";
import type { Waker } from "./wake-flag.ts";

/**
 * Lent attachments of this size or more stay in place, and the reader fetches them: the saved copy is worth more than
 * the system call.
 */
const lendBytes = 32 * 1024;

/** Larger regions are not copied as a whole: their copy might not fit into the rank's memory. */
const mostCopiedBytes = 64 << 20;

/**
 * Packets with an attachment of this size or more are written in pieces, so that both ends copy at the same time.
 * Measured on one host, there and back: 64 KiB 19.5 us, now 15; 16 KiB 9, now 8.
 */
const splitBytes = 16 * 1024;
const pieceBytes = 8 * 1024;

/** Looking for room takes the cache line from the reader that makes the room. */
const sendsPerPush = 32;

/**
 * A reader that computes makes no room. Polling for it in vain may take a few milliseconds for each credit's worth of
 * packets.
 */
const leastDistrust = 256;
const mostDistrust = 16_384;

/** What a packet is made of: bytes, or a region that is copied from where it is. */
type Part = Uint8Array | RegionBytes;

/** A packet that did not fit into the ring. */
interface Queued {
  readonly envelope: Envelope;
  body: Packet;
  lent: boolean;
}

/** What one rank sends to another rank of its host: a ring, and a queue for packets that do not fit into it. */
export class RingSender implements ShortSender {
  readonly #system: System;
  readonly #ring: Ring;
  readonly #waker: Waker;
  readonly #linger: (room: Watch) => boolean | undefined;
  /** The first entries are already written. Removing each from an array of thousands would move all the others. */
  #queue: (Queued | undefined)[] = [];
  #written = 0;
  /** The packet that is being streamed: its parts, and how far it has come. */
  #streamed: { parts: readonly Part[]; part: number; offset: number } | undefined;
  /**
   * Packets whose attachments the reader has not fetched, with their positions. This keeps them from being collected.
   */
  readonly #lent: { body: Packet; position: number }[] = [];
  readonly #probe: Float64Array = new Float64Array([Math.random()]);
  /** Packets are queued because the ring is full. */
  full = false;
  /** How many packets do not poll for room after one has polled in vain, and how many of those are left. */
  #distrust = leastDistrust;
  #skips = 0;
  /** How many packets have found the ring full. */
  #turned = 0;

  /** Polls for much room at once: with room for one packet only, the two sides would keep each other waiting. */
  readonly #room: Watch = {
    advance: () => {
      this.push();
      return !this.full && this.#ring.isSpacious;
    },
    watch: (list) => this.#ring.watchRead(list),
  };

  /** `linger` polls for some time; undefined if it cannot poll now. */
  constructor(system: System, ring: Ring, waker: Waker, linger: (room: Watch) => boolean | undefined) {
    this.#system = system;
    this.#ring = ring;
    this.#waker = waker;
    this.#linger = linger;
    const at = ring.reserve(24);
    const address = Number(system.addressOf(new Uint8Array(this.#probe.buffer)));
    ring.numbers.set([process.pid, address, this.#probe[0] as number], at >> 3);
    ring.commit(at, 24, record.hello);
  }

  send(envelope: Envelope, body: Packet, lent: boolean): void {
    // A program that never waits writes its queue only here: otherwise its reader would starve.
    if (this.full && ++this.#turned % sendsPerPush === 0) this.push();
    if (this.full || !this.#write(envelope, body, lent)) this.#writeLater({ envelope, body, lent });
    this.wake();
  }

  /** See {@link ShortSender}. */
  sendShort(context: number, source: number, tag: number, sequence: number, value: ShortValue, bytes: number): boolean {
    if (this.full) return false;
    const ring = this.#ring;
    const at = ring.reserve(shortHead + bytes);
    if (at < 0) return false;
    writeShortEnvelope(ring, at, context, source, tag, sequence, bytes);
    writeShort(ring.aligned, at + shortHead, value);
    ring.commit(at, shortHead + bytes, record.short);
    this.#waker.wake();
    return true;
  }

  /**
   * Queues a packet, and polls some microseconds for room: a growing queue costs the writer more and does not help the
   * reader. Queues first: packets that arrive meanwhile may be answered, and the answers must come behind this packet.
   */
  #writeLater(packet: Queued): void {
    this.#queue.push(packet);
    this.full = true;
    if (this.#skips > 0) this.#skips--;
    else {
      const found = this.#linger(this.#room);
      if (found === true) {
        this.#distrust = leastDistrust;
        return;
      }
      if (found === false) {
        this.#skips = this.#distrust;
        this.#distrust = Math.min(mostDistrust, 2 * this.#distrust);
      }
    }
    if (packet.lent) return;
    packet.body = withOwnAttachments(packet.body); // the sender may change it from now on
    packet.lent = true;
  }

  /** Writes what fits now, and asks to be woken when there is more room. */
  push(): void {
    if (!this.full) return;
    this.#ring.starved = true;
    let wrote = this.#streamed !== undefined;
    while (this.#stream() && this.#written < this.#queue.length) {
      const { envelope, body, lent } = this.#queue[this.#written] as Queued;
      if (!this.#write(envelope, body, lent)) break;
      this.#queue[this.#written++] = undefined;
      wrote = true;
    }
    if (2 * this.#written >= this.#queue.length) {
      this.#queue = this.#queue.slice(this.#written);
      this.#written = 0;
    }
    this.full = this.#queue.length > 0 || this.#streamed !== undefined;
    if (!this.full) this.#ring.starved = false;
    if (wrote) this.wake();
  }

  /** Wakes the reader if it sleeps. */
  wake(): void {
    this.#waker.wake();
  }

  #write(envelope: Envelope, packet: Packet, lent: boolean): boolean {
    // A short array goes behind its form, where the reader needs no view of it.
    if (packet instanceof Gathered && lent && this.#canLend(packet.region)) {
      return this.#write(envelope, withOwnAttachments(packet), lent);
    }
    const isGathered = packet instanceof Gathered;
    const body = !isGathered && packet.attachments.length === 1 ? withArrayInHead(packet, splitBytes - 1) : packet;
    const attachments = attachmentsOf(body);
    const length = headBytes(body);
    let bytes = envelopeBytes + 8 * attachments.length + aligned(length);
    if (
      lent &&
      !isGathered &&
      this.#ring.note === readable.yes &&
      attachments.some((part) => part.length >= lendBytes)
    ) {
      return this.#lend(envelope, body, bytes + 8 * attachments.length);
    }
    const sole = attachments.length === 1 ? attachments[0] : undefined;
    if (sole !== undefined && sole.length >= splitBytes && bytes + sole.length <= this.#ring.capacity / 2) {
      return this.#split(envelope, body, bytes, sole);
    }
    for (let i = 0; i < attachments.length; i++) bytes += aligned((attachments[i] as Part).length);
    if (bytes > this.#ring.capacity / 2) return this.#begin(envelope, lent ? body : withOwnAttachments(body));
    const at = this.#ring.reserve(bytes);
    if (at < 0) return false;
    let to = this.#describe(at, envelope, body);
    copyHead(body, this.#ring.memory, to);
    to += aligned(length);
    for (let i = 0; i < attachments.length; i++) {
      const part = attachments[i] as Part;
      copyBytes(part, 0, part.length, this.#ring.bytes, to);
      to += aligned(part.length);
    }
    this.#ring.commit(at, bytes, record.whole);
    return true;
  }

  /** Whether the reader had better fetch a dense copy of the region: streaming it through the ring takes several times as long. */
  #canLend({ length }: RegionBytes): boolean {
    return this.#ring.note === readable.yes && length >= lendBytes && length <= mostCopiedBytes;
  }

  /** `bytes` is the size of the packet without its attachment. */
  #split(envelope: Envelope, body: Packet, bytes: number, attachment: Part): boolean {
    const { length } = attachment;
    if (!this.#ring.holds(bytes + length, 1 + Math.ceil(length / pieceBytes), Math.max(bytes, pieceBytes)))
      return false;
    const first = this.#ring.reserve(bytes);
    copyHead(body, this.#ring.memory, this.#describe(first, envelope, body));
    this.#ring.commit(first, bytes, record.split);
    for (let offset = 0; offset < length; offset += pieceBytes) {
      const end = Math.min(length, offset + pieceBytes);
      const at = this.#ring.reserve(end - offset);
      copyBytes(attachment, offset, end, this.#ring.bytes, at);
      this.#ring.commit(at, end - offset, record.more);
    }
    return true;
  }

  #lend(envelope: Envelope, body: Packet, bytes: number): boolean {
    this.#forgetFetched();
    const at = this.#ring.reserve(bytes);
    if (at < 0) return false;
    let to = this.#describe(at, envelope, body);
    for (const part of body.attachments) {
      this.#ring.numbers[to >> 3] = Number(this.#system.addressOf(part));
      to += 8;
    }
    copyHead(body, this.#ring.memory, to);
    this.#ring.commit(at, bytes, record.lent);
    this.#lent.push({ body, position: this.#ring.written });
    return true;
  }

  #begin(envelope: Envelope, body: Packet): boolean {
    const attachments = attachmentsOf(body);
    const bytes = envelopeBytes + 8 * attachments.length;
    const at = this.#ring.reserve(bytes);
    if (at < 0) return false;
    this.#describe(at, envelope, body);
    this.#ring.commit(at, bytes, record.begin);
    this.#streamed = { parts: [body.head, ...attachments], part: 0, offset: 0 };
    this.full = !this.#stream();
    return true;
  }

  /** Writes as much of the streamed packet as fits. True if there is none, or it is complete. */
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
      copyBytes(part, stream.offset, stream.offset + bytes, this.#ring.bytes, at);
      this.#ring.commit(at, bytes, record.more);
      stream.offset += bytes;
    }
  }

  /** Writes the envelope and the lengths of the attachments at `at`; returns where they end. */
  #describe(at: number, envelope: Envelope, packet: Packet): number {
    const attachments = attachmentsOf(packet);
    writeEnvelope(this.#ring, at, envelope, headBytes(packet), attachments.length);
    let to = at + envelopeBytes;
    for (let i = 0; i < attachments.length; i++) {
      this.#ring.numbers[to >> 3] = (attachments[i] as Part).length;
      to += 8;
    }
    return to;
  }

  #forgetFetched(): void {
    while (this.#lent[0] !== undefined && this.#ring.hasPassed(this.#lent[0].position)) this.#lent.shift();
  }
}
