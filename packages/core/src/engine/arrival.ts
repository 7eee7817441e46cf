import { decode } from "../wire/codec/codec.ts";
import type { Envelope } from "../wire/envelope.ts";
import { ownCopy, type Packet } from "../wire/packet.ts";
import type { Link } from "./linked-list.ts";
import { type Entry, noPlaces } from "./match-queue.ts";

/** A message that has arrived, or the request that announces it. It is unexpected until a receive takes it. */
export class Arrival implements Entry {
  previous: Link = this;
  next: Link = this;
  places: Entry["places"] = noPlaces;
  order: number;
  readonly source: number;
  readonly tag: number;
  readonly envelope: Envelope;
  /** The encoded value; undefined while a large message still waits at its sender. */
  body: Packet | undefined;
  /** The body lies in the transport's memory. The transport reuses that memory as soon as the arrival is handled. */
  borrowed: boolean;
  /** A probe has returned it. Until the end of this turn of the event loop only the caller of the probe may take it. */
  held = false;
  /** A receive that it fits had to wait while it was held. */
  blocks = false;
  /** The sender has its answer. Stays true when the arrival is put back. */
  settled = false;

  constructor(envelope: Envelope, body: Packet | undefined, borrowed: boolean, order: number) {
    this.source = envelope.source;
    this.tag = envelope.tag;
    this.envelope = envelope;
    this.body = body;
    this.borrowed = borrowed;
    this.order = order;
  }

  /** Copies a borrowed body, so that it can be kept. */
  keep(): void {
    if (!this.borrowed || this.body === undefined) return;
    this.body = ownCopy(this.body);
    this.borrowed = false;
  }
}

/** Makes the result of a receive from its message; mostly {@link dataOf}. If it throws, the receive rejects. */
export type Finish<T> = (arrival: Arrival) => T | Promise<T>;

/** The decoded value. */
export function dataOf(arrival: Arrival): unknown {
  const { body, borrowed } = arrival;
  // Copy first: the decoded value would be a view of the borrowed attachments.
  if (borrowed && body !== undefined && body.attachments.length > 0) arrival.keep();
  return decode(arrival.body as Packet);
}
