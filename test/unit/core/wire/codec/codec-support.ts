import assert from "node:assert/strict";
import { expect } from "vitest";
import { decode, encode, type Parcel } from "../../../../../packages/core/src/wire/codec/codec.ts";

/** What arrives on another rank: the parcel's bytes, in memory of their own. */
export function arrived({ head, attachments }: Parcel): Parcel {
  return { head: Buffer.from(head), attachments: attachments.map((bytes) => new Uint8Array(bytes)) };
}

export function roundTrip<Value>(value: Value): Value {
  return decode(arrived(encode(value))) as Value;
}

/** assert's equality: types, prototypes, holes, -0 and the shape of cycles all count. */
export function travelsAsStructuredClone(value: unknown): void {
  assert.deepStrictEqual(roundTrip(value), structuredClone(value));
}

/** The message with which `value` is refused. */
export function refusal(value: unknown): string {
  try {
    encode(value);
  } catch (error) {
    expect(error).toMatchObject({ name: "MpiError", code: "unserializable" });
    return (error as Error).message;
  }
  return "was encoded";
}

export function expectProtocolError(parcel: Parcel, decoder: (parcel: Parcel) => unknown = decode): void {
  expect(() => decoder(parcel)).toThrow(expect.objectContaining({ code: "protocol" }));
}
