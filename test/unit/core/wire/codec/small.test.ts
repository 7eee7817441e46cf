import { spawnSync } from "node:child_process";
import fc from "fast-check";
import { expect, test, vi } from "vitest";
import { MpiError } from "../../../../../packages/core/src/calls/errors.ts";
import { decode, encode } from "../../../../../packages/core/src/wire/codec/codec.ts";
import { notSmall, readSmall } from "../../../../../packages/core/src/wire/codec/read-small.ts";
import { encodeSmall, gaveUp, writeSmall } from "../../../../../packages/core/src/wire/codec/write-small.ts";
import { Memory } from "../../../../../packages/core/src/wire/packet.ts";
import { roundTrip } from "./codec-support.ts";

vi.setConfig({ testTimeout: 60_000 }); // thousands of messages, on whatever machine this runs

/** So often that a shape becomes a function, and is used as one. */
const often = 30;
/** The same where other shapes were at its places, and those of what is in it, before; and for the writer. */
const oftenEnough = 150;
/** What msgpackr makes of it, which has all that is attached. */
const peer = (bytes: Uint8Array): unknown => decode({ head: Uint8Array.of(14), attachments: [bytes] });
const text = (string: string): number[] => [0xa0 | string.length, ...Buffer.from(string)];

/** What the reader makes of some MessagePack in the middle of other bytes, as it lies in a ring. */
function readAmong(bytes: Uint8Array, before = 0x91): unknown {
  const memory = Buffer.alloc(bytes.length + 100, before);
  memory.set(bytes, 40);
  return readSmall(memory, undefined, 40, 40 + bytes.length);
}

const leaf = fc.oneof(
  fc.integer({ min: -(2 ** 31), max: 2 ** 32 - 1 }),
  fc.double({ noNaN: true }).map((number) => (Object.is(number, -0) ? 0 : number)),
  fc.string({ maxLength: 40, unit: "binary-ascii" }),
  fc.constantFrom(null, true, false, "", 0, 127, 128, 2 ** 32 - 1, -1, 0.5),
);
const key = fc.oneof(
  fc.constantFrom("id", "name", "a", "b", "0", "17", "constructor", "then"),
  fc.string({ maxLength: 31, unit: "binary-ascii" }),
);
const { value } = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    leaf,
    fc.array(tie("value"), { maxLength: 6 }),
    fc.array(fc.double({ noInteger: true, noNaN: true }), { maxLength: 20 }),
    fc.dictionary(key, tie("value"), { maxKeys: 5, noNullPrototype: true }),
  ),
}));

test("the reader reads what the writer writes, the hundredth time as well as the first", () => {
  let read = 0;
  fc.assert(
    fc.property(value, (value) => {
      const written = encodeSmall(6, value);
      if (written === undefined) return;
      const { head } = written;
      for (let i = 0; i < often; i++) {
        const got = readAmong(head.subarray(1));
        expect(roundTrip(value)).toEqual(value);
        if (got === notSmall) continue;
        read++;
        expect(got).toEqual(value);
        expect(got).toEqual(peer(head.subarray(1)));
        if (typeof got === "object" && got !== null) expect(Object.keys(got)).toEqual(Object.keys(value as object));
      }
    }),
    { numRuns: 1000 },
  );
  expect(read).toBeGreaterThan(10_000);
});

test("a frequent value is written as it was the first time", () => {
  fc.assert(
    fc.property(value, (value) => {
      const first = encodeSmall(6, value)?.head;
      for (let i = 0; i < oftenEnough; i++) expect(encodeSmall(6, value)?.head).toEqual(first);
    }),
  );
});

test("an object with the keys of a frequent one keeps its own values", () => {
  const known = { first: 1, second: "two" };
  for (let i = 0; i < oftenEnough; i++) expect(roundTrip(known)).toEqual(known);
  const inherits = Object.assign(Object.create({ second: "inherited" }) as object, { first: 1 });
  const fewer = { first: 1 };
  const more = { first: 1, second: 2, third: 3 };
  const swapped = { second: 1, first: 2 };
  const nested = { first: { first: -0, second: [0.5] }, second: { first: "x".repeat(100), second: undefined } };
  for (const each of [fewer, more, swapped, nested]) expect(roundTrip(each)).toEqual(each);
  expect(Object.entries(roundTrip(inherits) as object)).toEqual([["first", 1]]);
  const changing = {
    get first(): number {
      delete (this as { second?: string }).second;
      return 1;
    },
    second: "two" as string | undefined,
  };
  expect((roundTrip(changing) as typeof changing).second).toBe(undefined);
  const calling = {
    get first(): Uint8Array {
      return Buffer.concat([encode(known).head, encode("text").head]);
    },
    second: "two",
  };
  const read = roundTrip(calling) as typeof calling;
  expect(read.second).toBe("two");
  expect(Buffer.from(read.first)).toEqual(Buffer.concat([encode(known).head, encode("text").head]));
});

test("nothing is written where there is no room for it", () => {
  const atMost = 600;
  fc.assert(
    fc.property(value, fc.integer({ min: 0, max: atMost }), (value, room) => {
      const whole = encodeSmall(6, value)?.head.subarray(1);
      const memory = new Memory(new Uint8Array(8 + atMost + 200));
      memory.bytes.fill(0xee);
      const end = writeSmall(value, memory, 8, 8 + room);
      expect(memory.bytes.subarray(8 + room).every((byte) => byte === 0xee)).toBe(true);
      if (end === gaveUp) return;
      expect(memory.bytes.subarray(8, end)).toEqual(whole);
    }),
  );
});

test("objects with the same first keys are distinguished, also when they alternate", () => {
  const shapes = [
    { id: 1, a: { deep: 1 }, b: 2 },
    { id: 2, a: { deep: 2 }, c: 3 },
    { id: 3, d: [], b: 4 },
    { id: 4, a: 5 },
    { id: 5, a: { deep: 3 }, b: { id: 6, a: 7 } },
    { ix: 8, a: { deep: 1 }, b: 2 },
  ];
  const parcels = shapes.map((shape) => encode(shape));
  for (let i = 0; i < often; i++) for (const parcel of parcels) decode(parcel);
  for (let i = 0; i < 20; i++) {
    for (let first = 0; first < shapes.length; first++) {
      for (let times = 0; times < 1 + (i % 3) * 12; times++) {
        expect(decode(parcels[first]!)).toEqual(shapes[first]);
        expect(Object.keys(decode(parcels[first]!) as object)).toEqual(Object.keys(shapes[first]!));
      }
    }
  }
});

test("properties added to Object.prototype are no part of a value", () => {
  Object.defineProperty(Object.prototype, "inherited", {
    value: 1,
    enumerable: true,
    writable: true,
    configurable: true,
  });
  try {
    expect(Object.keys(roundTrip({ own: { deep: [1] } }) as object)).toEqual(["own"]);
    expect(Object.hasOwn((roundTrip({ own: {} }) as { own: object }).own, "inherited")).toBe(false);
  } finally {
    delete (Object.prototype as { inherited?: number }).inherited;
  }
});

test("objects with a prototype of their own travel as their own properties, small and large ones", () => {
  function Old(this: { own: number }): void {
    this.own = 1;
  }
  const make = (prototype: object): object => {
    Old.prototype = prototype;
    return new (Old as unknown as new () => object)();
  };
  class Point {
    x = 1;
    get double(): number {
      return 2 * this.x;
    }
  }
  const bare = Object.assign(Object.create(null) as object, { own: 1 });
  for (const padding of [[], Array.from({ length: 600 }, () => "large")]) {
    const travelled = (value: object): object => (roundTrip({ value, padding }) as { value: object }).value;
    for (const prototype of [{}, { inherited: 1 }, { method() {} }, Object.create({ inherited: 1 }) as object]) {
      expect(Object.entries(travelled(make(prototype)))).toEqual([["own", 1]]);
    }
    expect(Object.entries(travelled(new Point()))).toEqual([["x", 1]]);
    expect(Object.entries(travelled(bare))).toEqual([["own", 1]]);
    expect(Object.entries(travelled({ constructor: 5, own: 1 }))).toEqual([
      ["constructor", 5],
      ["own", 1],
    ]);
  }
});

test("objects and arrays are new each time they are read", () => {
  const parcel = encode({ list: [1, 2], inner: { x: 1 } });
  const values = Array.from({ length: often }, () => decode(parcel) as { list: number[]; inner: { x: number } });
  for (const value of values) {
    expect(value).toEqual({ list: [1, 2], inner: { x: 1 } });
    value.list.push(3);
    value.inner.x = 2;
  }
});

test("bytes cut off, changed or too many are never read beyond their end", () => {
  const shape = { id: 1, name: "particle", position: [0.5, 1.5, 2.5], more: { n: 70000, s: "x".repeat(40), i: -5 } };
  const whole = Buffer.from(encode(shape).head.subarray(1));
  const other = { id: 2, name: "other", position: [], less: { n: 1, t: "", j: 0 } };
  for (const each of [other, shape]) for (let i = 0; i < oftenEnough; i++) readAmong(encode(each).head.subarray(1));
  expect(readAmong(whole)).toEqual(shape);
  for (let length = 0; length < whole.length; length++) {
    for (const before of [0x00, 0x81, 0x91, 0x9f, 0xa1, 0xbf, 0xcb, 0xff]) {
      expect(readAmong(whole.subarray(0, length), before), `${length} bytes`).toBe(notSmall);
    }
  }
  for (let at = 0; at < whole.length; at++) {
    for (const byte of [0x00, 0x7f, 0x80, 0x8f, 0x9f, 0xbf, 0xc1, 0xcb, 0xce, 0xd2, 0xd9, 0xff]) {
      const changed = Buffer.from(whole);
      changed[at] = byte;
      const got = readAmong(changed);
      if (got !== notSmall) expect(got, `byte ${at} is ${byte}`).toEqual(peer(changed));
    }
  }
});

test("a key __proto__ never reaches a prototype, however often it comes", () => {
  const bytes = Buffer.from([0x82, ...text("__proto__"), 0x81, ...text("polluted"), 0x01, ...text("b"), 0x02]);
  const second = Buffer.from([0x82, ...text("a"), 0x01, ...text("__proto__"), 0x81, ...text("polluted"), 0x01]);
  for (const each of [bytes, second]) {
    for (let i = 0; i < often; i++) {
      expect(readAmong(each)).toBe(notSmall);
      const read = decode({ head: Buffer.concat([Buffer.from([6]), each]), attachments: [] });
      expect((read as { polluted?: unknown }).polluted).toBe(undefined);
    }
  }
  expect(({} as { polluted?: unknown }).polluted).toBe(undefined);
});

test("keys are data, whatever they contain", () => {
  const odd = ['"', "\\", "};throw 1;//", "`${x}`", "\n", "\u2028", "a b", "", "0", "then", "v0", "read", "byKeys"];
  for (const [i, one] of odd.entries()) {
    const value = { [one]: i, [`${one}x`]: { [one]: 1 } };
    for (let times = 0; times < oftenEnough; times++) expect(roundTrip(value)).toEqual(value);
  }
});

test("depth and branching cost no more than the bytes that they take", () => {
  // Two shapes with the same first key, nested in it: who tried both at each level would take 2^70 steps.
  const nest = (depth: number, last: string): unknown =>
    depth === 0 ? 1 : { a: nest(depth - 1, depth % 2 === 0 ? "b" : "c"), [last]: 1 };
  for (let i = 0; i < often; i++) for (const last of ["b", "c"]) roundTrip({ a: 1, [last]: 1 });
  expect(roundTrip(nest(70, "b"))).toEqual(nest(70, "b"));
  const deep = Buffer.alloc(700, 0x91);
  expect(readAmong(deep)).toBe(notSmall);
  for (const byte of [0x81, 0x9f, 0x8f]) {
    expect(() => decode({ head: Buffer.alloc(700, byte).fill(6, 0, 1), attachments: [] })).toThrow(MpiError);
  }
});

test("a process that may not compile functions reads the same values", () => {
  const { href } = new URL("../../../../../packages/core/dist/testing.js", import.meta.url);
  const script = `import { local } from ${JSON.stringify(href)};
    await local(2, async (world) => {
      for (let i = 0; i < 150; i++) {
        if (world.rank === 0) await world.send({ id: i, name: "n" }, { dest: 1 });
        else { const { id, name } = await world.recv(); if (id !== i || name !== "n") throw new Error("wrong"); }
      }
    });
    console.log("same");`;
  const { stdout, stderr } = spawnSync(
    process.execPath,
    ["--disallow-code-generation-from-strings", "--input-type=module", "-e", script],
    { encoding: "utf8" },
  );
  expect({ stdout, stderr }).toEqual({ stdout: "same\n", stderr: "" });
});
