import { MpiError, messageOf } from "../../calls/errors.ts";
import type { Elements } from "../../calls/regions/block.ts";
import { copyBytes, RegionBytes } from "../../calls/regions/region-bytes.ts";
import type { Instance } from "../../wasm/module.ts";
import { decode, type Landing, landed, shortInto, shortNumber } from "../../wire/codec/codec.ts";
import type { Envelope } from "../../wire/envelope.ts";
import { aligned, Excerpt, type Packet } from "../../wire/packet.ts";
import { notThere, type ShortReceiver } from "../../wire/short-messages.ts";
import type { Receiver } from "../../wire/transport.ts";
import type { WordList } from "../../wire/word-list.ts";
import type { System } from "../libc.ts";
import type { PollBudget } from "./poll-budget.ts";
import { attachmentCount, envelopeBytes, headLength, readable, readEnvelope, record, shortHead } from "./records.ts";
import type { Ring } from "./ring.ts";

/** Polls for the next piece of a packet: some ten microseconds, in which the writer copies several. */
const mostPolls = 2000;

/** What goes into a region is read in pieces of this size, which stay in the cache until they are copied there. */
const fetchBytes = 64 * 1024;

/** Records taken before other rings get their turn. */
const burst = 64;

/** How a rank polls for short messages: the module in whose memory the ring lies, and for how long. */
export interface ShortPoller {
  readonly instance: Instance;
  readonly budget: PollBudget;
}

/** What one rank receives from another rank of its host. */
export class RingReceiver implements ShortReceiver {
  readonly source: number;
  readonly #system: System;
  readonly #ring: Ring;
  readonly #receiver: Receiver;
  readonly #hasRoom: () => void;
  readonly #poller: ShortPoller | undefined;
  /** The writer's process; 0 until its `hello` has come. */
  pid = 0;
  shortBytes = 0;
  /**
   * The writer was killed before the memory that it lent could be read. The job learns of its end, and nothing more
   * comes from it.
   */
  #dead = false;
  /** The packet that is being streamed, and how far it has come. */
  #envelope: Envelope | undefined;
  #parts: Landing[] = [];
  /** The writer is writing the pieces of this packet right now. They are copied to where the receiver wants them. */
  #isSplit = false;
  #part = 0;
  #offset = 0;

  /** `hasRoom` is called when the writer has waited for room, and there is some. */
  constructor(
    system: System,
    source: number,
    ring: Ring,
    receiver: Receiver,
    hasRoom: () => void,
    poller?: ShortPoller,
  ) {
    this.#system = system;
    this.source = source;
    this.#ring = ring;
    this.#receiver = receiver;
    this.#hasRoom = hasRoom;
    this.#poller = poller;
  }

  get pending(): boolean {
    return this.#ring.pending && !this.#dead;
  }

  /** Adds the word that changes when something is {@link pending}. */
  watch(list: WordList): void {
    if (!this.#dead) this.#ring.watchWritten(list);
  }

  /** See {@link ShortReceiver}. Only between packets, and where polling is worth its time. */
  receiveShort(context: number, tag: number, sequence: number, into: Elements | undefined): unknown {
    const poller = this.#poller;
    if (poller === undefined || poller.budget.isSpent || this.#envelope !== undefined || this.#dead) return notThere;
    const ring = this.#ring;
    const at = ring.awaitMessage(poller.instance, context, tag, sequence, poller.budget.looks);
    if (at < 0) return notThere;
    const isShort = ring.kindAt(at) === record.short;
    const length = headLength(ring, at);
    const from = at + (isShort ? shortHead : envelopeBytes);
    let value: unknown;
    if (into !== undefined) {
      if (!isShort || !shortInto(ring.aligned, from, length, into)) return notThere;
      value = into;
    } else value = (isShort ? shortNumber(ring.aligned, from) : undefined) ?? this.#shortValue(from, from + length);
    if (value === notThere) return notThere;
    this.shortBytes = length;
    ring.pass(at);
    if (ring.takeStarved()) this.#hasRoom();
    poller.budget.succeeded();
    return value;
  }

  #shortValue(from: number, end: number): unknown {
    try {
      return decode(new Excerpt(this.#ring.memory, from, end));
    } catch {
      return notThere; // the usual way has the error
    }
  }

  /** Delivers one record; while a call waits, up to {@link burst} of them. */
  poll(): void {
    try {
      for (let taken = 1; this.#ring.read(this.#take) && !this.#dead; taken++) {
        if (this.#isSplit) this.#readPieces();
        if (taken === burst || !this.#receiver.waiting) break;
      }
    } catch (error) {
      this.#dead = true; // the writer's data is invalid
      const why = `what rank ${this.source} wrote cannot be read: ${messageOf(error)}`;
      throw new MpiError("protocol", why, { rank: this.source, cause: error });
    }
    if (this.#ring.takeStarved()) this.#hasRoom();
  }

  readonly #take = (kind: number, position: number, length: number): void => {
    switch (kind) {
      case record.whole:
        this.#whole(position);
        break;
      case record.short:
        this.#inHead(position, position + shortHead);
        break;
      case record.lent:
        this.#lent(position);
        break;
      case record.split:
        this.#split(position);
        break;
      case record.begin:
        this.#begin(position);
        break;
      case record.more:
        this.#more(position, length);
        break;
      case record.hello:
        this.#hello(position >> 3);
        break;
    }
  };

  #hello(at: number): void {
    const [pid = 0, address = 0, value] = this.#ring.numbers.subarray(at, at + 3);
    const read = new Float64Array(1);
    this.pid = pid;
    const may = this.#system.readFrom(pid, BigInt(address), new Uint8Array(read.buffer)) && read[0] === value;
    this.#ring.note = may ? readable.yes : readable.no;
  }

  /** Delivers the bytes in place; a receiver that keeps them copies them. */
  #whole(at: number): void {
    const ring = this.#ring;
    const count = attachmentCount(ring, at);
    let from = at + envelopeBytes + 8 * count;
    const length = headLength(ring, at);
    if (count === 0) {
      this.#inHead(at, from);
      return;
    }
    const head = ring.bytes.subarray(from, from + length);
    from += aligned(length);
    const attachments = this.#lengths(at, count).map((bytes) => {
      const part = ring.bytes.subarray(from, from + bytes);
      from += aligned(bytes);
      return part;
    });
    this.#deliver(this.#envelopeAt(at), { head, attachments }, true);
  }

  #inHead(at: number, from: number): void {
    const body = new Excerpt(this.#ring.memory, from, from + headLength(this.#ring, at));
    this.#deliver(this.#envelopeAt(at), body, true);
  }

  #begin(at: number): void {
    this.#envelope = this.#envelopeAt(at);
    const lengths = [headLength(this.#ring, at), ...this.#lengths(at, attachmentCount(this.#ring, at))];
    this.#parts = lengths.map((length) => Buffer.allocUnsafeSlow(length));
    this.#part = 0;
    this.#offset = 0;
  }

  #split(at: number): void {
    const envelope = this.#envelopeAt(at);
    const [bytes = 0] = this.#lengths(at, 1);
    const from = at + envelopeBytes + 8;
    const head = Buffer.from(this.#ring.bytes.subarray(from, from + headLength(this.#ring, at)));
    this.#envelope = envelope;
    this.#parts = [head, this.#receiver.landing(envelope, head, bytes) ?? Buffer.allocUnsafeSlow(bytes)];
    this.#part = 1;
    this.#offset = 0;
    this.#isSplit = true;
  }

  /** Nothing else runs meanwhile that could give the array away, or the pieces to another receive. */
  #readPieces(): void {
    this.#isSplit = false;
    for (let looks = 0; this.#envelope !== undefined; looks++) {
      if (this.#ring.read(this.#take)) looks = 0;
      else if (looks === mostPolls) {
        // The writer has paused in the middle, or was killed there. The other pieces go into an array of our own.
        const [head = nothing, landing = nothing] = this.#parts;
        const own = Buffer.allocUnsafeSlow(landing.length);
        copyBytes(landing, 0, this.#offset, own, 0);
        this.#parts = [head, own];
        return;
      }
    }
  }

  #more(position: number, length: number): void {
    this.#skipFull();
    const part = this.#parts[this.#part] as Landing;
    part.set(this.#ring.bytes.subarray(position, position + length), this.#offset);
    this.#offset += length;
    this.#skipFull();
    const envelope = this.#envelope;
    if (envelope === undefined || this.#part < this.#parts.length) return;
    const [head, ...attachments] = this.#parts as [Uint8Array, ...Uint8Array[]];
    this.#parts = [];
    this.#envelope = undefined;
    const [sole] = attachments as Landing[];
    const body = sole instanceof RegionBytes ? landed(head, sole) : { head, attachments };
    this.#deliver(envelope, body, false);
  }

  #skipFull(): void {
    while (this.#part < this.#parts.length && this.#offset === this.#parts[this.#part]?.length) {
      this.#part++;
      this.#offset = 0;
    }
  }

  /** Reads what stayed in the writer's memory, into the receiver's array if there is one. */
  #lent(at: number): void {
    const envelope = this.#envelopeAt(at);
    const count = attachmentCount(this.#ring, at);
    const addresses = (at + envelopeBytes + 8 * count) >> 3;
    const from = at + envelopeBytes + 16 * count;
    const head = Buffer.from(this.#ring.bytes.subarray(from, from + headLength(this.#ring, at)));
    const attachments: Uint8Array[] = [];
    for (const bytes of this.#lengths(at, count)) {
      const landing = count === 1 ? this.#receiver.landing(envelope, head, bytes) : undefined;
      const part = landing ?? Buffer.allocUnsafeSlow(bytes);
      const address = BigInt(this.#ring.numbers[addresses + attachments.length] as number);
      if (!this.#fetch(address, part)) {
        this.#dead = true;
        return;
      }
      if (part instanceof RegionBytes) {
        this.#deliver(envelope, landed(head, part), false);
        return;
      }
      attachments.push(part);
    }
    this.#deliver(envelope, { head, attachments }, false);
  }

  /** Reads the writer's memory; false if it is gone. */
  #fetch(address: bigint, to: Landing): boolean {
    if (!(to instanceof RegionBytes)) return this.#system.readFrom(this.pid, address, to);
    const piece = new Uint8Array(Math.min(to.length, fetchBytes));
    for (let at = 0; at < to.length; at += piece.length) {
      const part = piece.subarray(0, Math.min(piece.length, to.length - at));
      if (!this.#system.readFrom(this.pid, address + BigInt(at), part)) return false;
      to.set(part, at);
    }
    return true;
  }

  #lengths(at: number, count: number): number[] {
    const first = (at + envelopeBytes) >> 3;
    return Array.from(this.#ring.numbers.subarray(first, first + count));
  }

  #envelopeAt(at: number): Envelope {
    const envelope = readEnvelope(this.#ring, at);
    if (envelope.source !== this.source) {
      throw new MpiError("protocol", `rank ${this.source} sent a packet in the name of rank ${envelope.source}`);
    }
    return envelope;
  }

  #deliver(envelope: Envelope, body: Packet, borrowed: boolean): void {
    this.#receiver.packet(envelope, body, borrowed);
  }
}

const nothing = new Uint8Array(0);
