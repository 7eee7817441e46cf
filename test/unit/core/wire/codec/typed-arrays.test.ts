import assert from "node:assert/strict";
import { expect, test } from "vitest";
import { MpiError } from "../../../../../packages/core/src/calls/errors.ts";
import { byteLength, copy, decode, encode } from "../../../../../packages/core/src/wire/codec/codec.ts";
import { arrived, expectProtocolError, refusal, roundTrip, travelsAsStructuredClone } from "./codec-support.ts";

const typedArrays = [
  ...[Int8Array, Uint8Array, Uint8ClampedArray, Int16Array, Uint16Array, Int32Array, Uint32Array],
  ...[Float32Array, Float64Array, BigInt64Array, BigUint64Array],
];

for (const TypedArray of typedArrays) {
  for (const length of [0, 1, 7, 512, 10_000]) {
    test(`${TypedArray.name} of ${length} elements arrives as the same type, at the top and inside`, () => {
      const array = new TypedArray(length);
      if (length > 0)
        array.set([array instanceof BigInt64Array || array instanceof BigUint64Array ? 3n : 3] as never, length - 1);
      travelsAsStructuredClone(array);
      travelsAsStructuredClone({ array, again: [array] });
    });
  }
}

test.each([10, 100_000])("ArrayBuffer, DataView and Buffer of %i bytes arrive as what they were", (length) => {
  const bytes = Buffer.alloc(length, "abc");
  for (const value of [bytes, { bytes }]) assert.deepStrictEqual(roundTrip(value), value);
  const { buffer } = Uint8Array.from(bytes);
  for (const value of [buffer, new DataView(buffer, 3, length - 5)]) {
    travelsAsStructuredClone(value);
    travelsAsStructuredClone([value]);
  }
  expect(roundTrip([new DataView(buffer, 3, 4)])[0]?.byteLength).toBe(4);
});

test("a Float16Array arrives where the runtime has them, and is a protocol error elsewhere", () => {
  const parcel = { head: Uint8Array.from([0x20 + 11, 0, 0x3c]), attachments: [] };
  if ("Float16Array" in globalThis) expect(decode(parcel)).toHaveLength(1);
  else expectProtocolError(parcel);
});

test("a subarray travels as the bytes it shows only", () => {
  const view = new Float64Array(1e6).fill(1).subarray(10, 20);
  expect(byteLength(encode(view))).toBe(81);
  expect(roundTrip(view)).toEqual(new Float64Array(10).fill(1));
  expect(byteLength(encode({ view }))).toBeLessThan(120);
});

test.each([8, 80_000])("an array of %i shared bytes arrives as an ordinary one, and is copied", (length) => {
  const array = new Uint8Array(new SharedArrayBuffer(length)).fill(7);
  const parcel = encode([array, array.buffer]);
  array.fill(8);
  const { buffer } = new Uint8Array(length).fill(7);
  assert.deepStrictEqual(decode(parcel), [new Uint8Array(buffer), buffer]);
});

test("a large array is lent, a small one is copied", () => {
  const large = new Float64Array(1000);
  for (const parcel of [encode(large), encode({ large })]) {
    expect(parcel.attachments).toHaveLength(1);
    expect(parcel.attachments[0]?.buffer).toBe(large.buffer);
    expect(parcel.head.byteLength).toBeLessThan(64);
  }
  const small = new Float64Array(10);
  const parcel = encode({ small });
  small.fill(1);
  expect(decode(parcel)).toEqual({ small: new Float64Array(10) });
});

test("a large array is decoded as a view onto its attachment, or as a copy when that is misaligned", () => {
  const parcel = arrived(encode(new Float64Array(1000).fill(2)));
  expect((decode(parcel) as Float64Array).buffer).toBe(parcel.attachments[0]?.buffer);
  const shifted = new Uint8Array(8001).subarray(1);
  shifted.set(parcel.attachments[0] as Uint8Array);
  expect(decode({ head: parcel.head, attachments: [shifted] })).toEqual(new Float64Array(1000).fill(2));
});

test("a transferred ArrayBuffer is refused", () => {
  const buffer = new ArrayBuffer(8);
  const view = new Uint8Array(buffer);
  structuredClone(buffer, { transfer: [buffer] });
  expect(refusal(buffer)).toContain("data was transferred");
  expect(refusal({ view })).toContain("data.view was transferred");
});

test("copy shares no memory with the original", () => {
  const value = { large: new Float64Array(1000), small: new Uint8Array(4), buffer: new ArrayBuffer(9000), n: [1] };
  const copied = copy(value) as typeof value;
  value.large.fill(1);
  value.small.fill(1);
  value.n.push(2);
  expect(copied).toEqual({
    large: new Float64Array(1000),
    small: new Uint8Array(4),
    buffer: new ArrayBuffer(9000),
    n: [1],
  });
  expect(copied.buffer).not.toBe(value.buffer);
  expect(copy("text")).toBe("text");
  expect(() => copy(() => 1)).toThrow(MpiError);
});
