import assert from "node:assert/strict";
import fc from "fast-check";
import { expect, test } from "vitest";
import {
  bundle,
  byteLength,
  decode,
  encode,
  type Parcel,
  unbundle,
} from "../../../../../packages/core/src/wire/codec/codec.ts";
import { arrived, expectProtocolError } from "./codec-support.ts";

const parcel = fc.anything({ withMap: true, withTypedArray: true }).map(encode);

test("parcels come out as they went in", () => {
  fc.assert(
    fc.property(fc.array(parcel), (parcels) => {
      const back = unbundle(arrived(bundle(parcels)));
      expect(back.map(({ head }) => Buffer.from(head))).toEqual(parcels.map(({ head }) => Buffer.from(head)));
      assert.deepStrictEqual(back.map(decode), parcels.map(decode));
    }),
  );
});

test("attachments and large heads are passed on without copying, bundles of bundles too", () => {
  const grid = new Float64Array(1e5);
  const large = { head: new Uint8Array(1e5), attachments: [new Uint8Array(10)] };
  const outer = bundle([bundle([encode(grid), large, encode({ grid, n: 1 })]), encode(7)]);
  expect(outer.head.length).toBeLessThan(200);
  const [inner, seven] = unbundle(outer) as [Parcel, Parcel];
  const [first, second, third] = unbundle(inner) as [Parcel, Parcel, Parcel];
  expect((decode(first) as Float64Array).buffer).toBe(grid.buffer);
  expect(second.head).toBe(large.head);
  expect(second.attachments[0]).toBe(large.attachments[0]);
  assert.deepStrictEqual(decode(third), { grid, n: 1 });
  expect(decode(seven)).toBe(7);
  expect(unbundle(bundle([]))).toEqual([]);
});

test("a bundle is not decoded, a value is not unbundled, and a cut bundle is a protocol error", () => {
  const whole = bundle([encode("one"), encode(new Uint8Array(5000))]);
  expectProtocolError(whole);
  expectProtocolError(encode("one"), unbundle);
  for (let cut = 0; cut < whole.head.length; cut++) {
    expectProtocolError({ head: whole.head.subarray(0, cut), attachments: whole.attachments }, unbundle);
  }
  expectProtocolError({ head: whole.head, attachments: [] }, unbundle);
});

test("byteLength counts heads and attachments", () => {
  expect(byteLength(encode(new Float64Array(1000)))).toBe(8001);
  expect(byteLength(encode(undefined))).toBe(1);
});
