import assert from "node:assert/strict";
import fc from "fast-check";
import { expect, test, vi } from "vitest";
import { MpiError } from "../../../../../packages/core/src/calls/errors.ts";
import { decode, encode, type Parcel, unbundle } from "../../../../../packages/core/src/wire/codec/codec.ts";
import { expectProtocolError, roundTrip } from "./codec-support.ts";

vi.setConfig({ testTimeout: 60_000 }); // thousands of messages, on whatever machine this runs

/** MessagePack written by hand, as a plain parcel or as a table of nodes. */
const plain = (...bytes: number[]): Parcel => ({ head: Uint8Array.from([6, ...bytes]), attachments: [] });
const graph = (...bytes: number[]): Parcel => ({ head: Uint8Array.from([7, ...bytes]), attachments: [] });
const text = (string: string): number[] => [0xa0 | string.length, ...Buffer.from(string)];

test("random bytes decode to something or are a protocol error, and change no prototype", () => {
  const names = Object.getOwnPropertyNames(Object.prototype);
  const bytes = fc.uint8Array({ maxLength: 200 });
  const anyHead = fc.tuple(fc.oneof(fc.constantFrom(0, 5, 6, 7, 14, 15), fc.nat(255)), bytes);
  fc.assert(
    fc.property(anyHead, fc.array(bytes, { maxLength: 3 }), ([form, rest], attachments) => {
      for (const decoder of [decode, unbundle]) {
        try {
          decoder({ head: Uint8Array.from([form, ...rest]), attachments });
        } catch (error) {
          if (!(error instanceof MpiError) || error.code !== "protocol") throw error;
        }
      }
    }),
    { numRuns: 10_000 },
  );
  expect(Object.getOwnPropertyNames(Object.prototype)).toEqual(names);
});

test("a parcel cut off anywhere, or with a byte changed, decodes to something or is a protocol error", () => {
  const values = [
    1.5,
    "text",
    { a: [1, "b", 2.5, { c: null }] },
    new Map([[{}, [new Date(0), /x/g, -0, 2n ** 70n]]]),
    new Error("x"),
  ];
  for (const { head } of values.map(encode)) {
    for (let cut = 0; cut < head.length; cut++) expectProtocolError({ head: head.subarray(0, cut), attachments: [] });
    for (let at = 0; at < head.length; at++) {
      for (const byte of [0, 1, 7, 8, 0x40, 0x72, 0x80, 0x91, 0xa1, 0xc1, 0xc7, 0xd4, 0xd6, 0xdd, 0xff]) {
        const changed = Uint8Array.from(head);
        changed[at] = byte;
        try {
          decode({ head: changed, attachments: [] });
        } catch (error) {
          assert(error instanceof MpiError && error.code === "protocol");
        }
      }
    }
  }
});

test("an instance of a class that is not registered, or one that holds itself, is a protocol error", () => {
  const instance = (...written: number[]): Parcel => graph(0x91, 0x93, 12, ...text("Stranger"), ...written);
  expect(() => decode(instance(1))).toThrow(/Stranger arrived, which is not registered on this rank/);
  expect(() => decode(instance(0x91, 0))).toThrow(/an instance that holds itself/);
  for (const written of [[], [0x91, 9], [0x91, 0xc0], [0x91, 0xff]]) expectProtocolError(instance(...written));
});

test("a __proto__ key is data at most", () => {
  const evil = [0x81, ...text("polluted"), 0xc3];
  const value = decode(plain(0x81, ...text("__proto__"), ...evil)) as Record<string, unknown>;
  expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
  const node = [0x93, 0, ...text("__proto__"), ...evil];
  const rebuilt = decode(graph(0x91, ...node)) as Record<string, unknown>;
  expect(Object.getPrototypeOf(rebuilt)).toBe(Object.prototype);
  expect(Object.keys(rebuilt)).toEqual(["__proto__"]);
  const nested = [
    0x92,
    0x95,
    0,
    ...text("constructor"),
    0x91,
    1,
    ...text("__proto__"),
    0x91,
    1,
    0x93,
    0,
    ...text("polluted"),
    0xc3,
  ];
  decode(graph(...nested));
  expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  expect(value.polluted).toBeUndefined();
});

test("record definitions, which msgpackr compiles, are refused", () => {
  const record = [0xd4, 0x72, 0x40, 0x91, ...text("a"), 1];
  expectProtocolError(plain(...record));
  expectProtocolError(plain(0x95, ...record, 0x40, 1, 0x40, 2, 0x40, 3, 0x40, 4));
  expectProtocolError(plain(0xd5, 0x72, 0x40, 0x01, 0x91, ...text("a"), 1));
  expect(roundTrip({ a: 1 })).toEqual({ a: 1 });
});

test("a claimed length without the bytes allocates nothing", () => {
  const before = process.memoryUsage();
  expectProtocolError(plain(0xdd, 0xff, 0xff, 0xff, 0xff));
  expectProtocolError(plain(0xdf, 0xff, 0xff, 0xff, 0xff));
  expectProtocolError(plain(0xdb, 0xff, 0xff, 0xff, 0xff));
  expectProtocolError(plain(0xc9, 0xff, 0xff, 0xff, 0xff, 0x42));
  expectProtocolError({ head: Uint8Array.from([0, 0xff, 0xff, 0xff, 0xff]), attachments: [] }, unbundle);
  const holes = decode(graph(0x91, 0x92, 2, 0xce, 0x01, 0xff, 0xff, 0xff)) as unknown[];
  expect(holes).toHaveLength(0x1ffffff);
  expectProtocolError(graph(0x91, 0x94, 2, 1, ...text("length"), 0xce, 0x01, 0xff, 0xff, 0xff));
  const after = process.memoryUsage();
  expect(after.heapTotal + after.arrayBuffers - before.heapTotal - before.arrayBuffers).toBeLessThan(64e6);
});

test("nesting without end is a protocol error", () => {
  expectProtocolError({ head: Buffer.from([14]), attachments: [new Uint8Array(1e6).fill(0x91)] });
  expect(roundTrip([1])).toEqual([1]);
});

test("attachments that are missing or too many are a protocol error", () => {
  const { head, attachments } = encode({ grid: new Float64Array(1000) });
  expectProtocolError({ head, attachments: [] });
  expectProtocolError({ head, attachments: [...attachments, ...attachments] });
  const [raw, one] = [encode(new Float64Array(1000)), encode({ a: 1 })];
  expectProtocolError({ head: raw.head, attachments: [] });
  expectProtocolError({ head: one.head, attachments });
  expectProtocolError({ head: raw.head, attachments: [new Uint8Array(4097)] });
});
