import { MpiError } from "../../calls/errors.ts";
import { bundle, type Parcel, unbundle } from "../../wire/codec/codec.ts";
import { Form } from "../../wire/codec/parcel.ts";

/** Several parcels as one message. Both ends know how many: a single one travels as it is. */
export function pack(parcels: readonly Parcel[]): Parcel {
  return parcels.length === 1 ? (parcels[0] as Parcel) : bundle(parcels);
}

/** The `count` parcels of a message made by {@link pack}. */
export function unpack(parcel: Parcel, count: number): Parcel[] {
  if (count === 1) return [parcel];
  const parcels = isBundle(parcel) ? unbundle(parcel) : [parcel];
  if (parcels.length === count) return parcels;
  throw new MpiError("mismatch", `${parcels.length} parts arrived where ${count} were expected: ranks disagree`);
}

export function isBundle(parcel: Parcel): boolean {
  return parcel.head[0] === Form.bundle;
}
