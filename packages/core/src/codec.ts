import type { Packet } from "./transport.ts";

/** An encoded value: what {@link encode} makes and {@link decode} takes. Immutable: it may be sent to many. */
export type Parcel = Packet;

export function encode(_value: unknown): Parcel {
  throw new Error("being written");
}

export function decode(_parcel: Parcel): unknown {
  throw new Error("being written");
}
