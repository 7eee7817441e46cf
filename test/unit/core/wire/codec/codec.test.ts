import assert from "node:assert/strict";
import { runInNewContext } from "node:vm";
import fc from "fast-check";
import { expect, test, vi } from "vitest";
import { MpiError } from "../../../../../packages/core/src/calls/errors.ts";
import { decode, encode } from "../../../../../packages/core/src/wire/codec/codec.ts";
import { roundTrip, travelsAsStructuredClone } from "./codec-support.ts";

vi.setConfig({ testTimeout: 60_000 }); // thousands of values, on whatever machine this runs

const member = { id: 1 };
const cyclic: Record<string, unknown> = { list: [] };
cyclic.self = cyclic;
(cyclic.list as unknown[]).push(cyclic);
const map = new Map<unknown, unknown>([
  [{ key: true }, member],
  ["again", member],
]);
map.set(map, map);
const set = new Set<unknown>([member, NaN, -0, "x"]);
set.add(set);
const sparse: unknown[] = new Array(6);
sparse[0] = 1;
sparse[2] = undefined;
const far = [1];
far[4_000_000_000] = 2;
const lastIndex = /a(?<n>b)/giu;
lastIndex.lastIndex = 3;
class Point {
  x = 1;
  y = -0;
  label = "#fff";
  static #made = 0;
  #norm() {
    return Point.#made + this.x;
  }
  get norm() {
    return this.#norm();
  }
}
class Point3 extends Point {
  z = new Date(1);
}

const values: readonly (readonly [string, unknown])[] = [
  ["primitives", [1, -1, 1.5, 2 ** 40, NaN, Infinity, -Infinity, 0, -0, "", "text", true, false, null, undefined]],
  ["undefined as a property and as an element", { a: undefined, b: [undefined] }],
  [
    "BigInts of any size and sign",
    [0n, 1n, -1n, 2n ** 63n, -(2n ** 63n), 2n ** 64n, -(2n ** 64n) - 1n, 3n ** 20_000n, -(3n ** 50_000n)],
  ],
  ["Map with object keys, Set, cycles and sharing", { map, set, member, cyclic }],
  ["dates, also those before 1970", [new Date(0), new Date(1.5), new Date(-1.5e12), new Date(8.64e15)]],
  ["regular expressions with flags, lastIndex reset", [lastIndex, /\//, /\ud800/]],
  ["holes and lengths", [sparse, far, new Array(5)]],
  ["what a regular expression matched", "xaby".match(/a(?<n>b)/)],
  ["boxed primitives", [new Number(-0), new String("\udc00"), new Boolean(false), Object(7n)]],
  ["lone surrogates, in keys too", ["\ud800", { "a\udfff": "\udfff\ud800" }, `${"x".repeat(100)}\ud800`, "😀"]],
  ["byte-order marks", ["\ufeff", `\ufeff${"x".repeat(100)}`, { [`\ufeff${"k".repeat(100)}`]: 1 }]],
  ["very long strings", ["é".repeat(3e6), "x".repeat(3e6)]],
  ["objects with more than 65535 keys", Object.fromEntries(Array.from({ length: 70_000 }, (_, i) => [`k${i}`, i]))],
  [
    "keys that look like hooks",
    JSON.parse('{"__proto__":{"x":1},"constructor":1,"toString":2,"hasOwnProperty":3,"toJSON":4,"valueOf":5,"then":6}'),
  ],
  [
    "keys that look like hooks, beside what is not plain",
    JSON.parse('{"constructor":{"name":"Map"},"length":3,"index":-0,"toJSON":[]}'),
  ],
  ["a __proto_ key", { __proto_: 1 }],
  ["null-prototype objects", Object.assign(Object.create(null), { a: 1, b: Object.create(null) })],
  [
    "objects of another realm",
    runInNewContext("({ map: new Map([[1, { a: [1] }]]), error: new TypeError('x').message })"),
  ],
  ["instances of classes with public fields", [new Point(), new Point3()]],
  [
    "objects with getters",
    {
      get now() {
        return [-0];
      },
      get soon() {
        return "when";
      },
    },
  ],
  [
    "subclasses of built-ins",
    [new (class extends Map<number, number> {})([[1, 2]]), new (class extends Array<number> {})(3, 4)],
  ],
];
for (const [name, value] of values) {
  test(name, () => {
    travelsAsStructuredClone(value);
    travelsAsStructuredClone([value, new Map([[value, -0]])]);
    for (const item of Array.isArray(value) ? value.slice(0, 20) : []) travelsAsStructuredClone(item);
  });
}

test("an invalid date stays an invalid date", () => {
  expect(roundTrip([new Date(Number.NaN)])[0]?.getTime()).toBeNaN();
});

test("identity is kept: an object that occurs twice arrives as one object", () => {
  const shared = [{}];
  const [a, b] = roundTrip([shared, { shared }] as const);
  expect(a).toBe(b.shared);
  const rows = Array.from({ length: 20 }, (_, id) => ({ id }));
  const copies = roundTrip([...rows, rows[17]]);
  expect(copies[20]).toBe(copies[17]);
  const array = new Uint8Array(3);
  const arrays = roundTrip([array, array]);
  expect(arrays[0]).toBe(arrays[1]);
});

test("errors keep class, name, message, stack, cause, code and their own properties", () => {
  const cause = Object.assign(new RangeError("too far", { cause: "x" }), { code: "EFAR", when: new Date(3) });
  const errors = [Error, EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError].map(
    (E) => new E("m", { cause }),
  );
  for (const error of [
    ...errors,
    new AggregateError([cause, 2], "several"),
    new Error(),
    new MpiError("closed", "m", { rank: 3 }),
  ]) {
    const back = roundTrip(error);
    expect(Object.getPrototypeOf(back)).toBe(Object.getPrototypeOf(error));
    expect(Object.getOwnPropertyNames(back).sort()).toEqual(Object.getOwnPropertyNames(error).sort());
    expect(Object.keys(back).sort()).toEqual(Object.keys(error).sort());
    assert.deepStrictEqual(back, error);
    expect(back.stack).toBe(error.stack);
    expect(back.cause === undefined || (back.cause as { code: string }).code === "EFAR").toBe(true);
  }
});

test("an error of a class that the receiver may lack arrives as its nearest built-in, with its name", () => {
  class Missing extends TypeError {
    override name = "Missing";
    key = "k";
  }
  const back = roundTrip(new Missing("no"));
  expect(back).toBeInstanceOf(TypeError);
  expect(back).toMatchObject({ name: "Missing", message: "no", key: "k" });
  const abort = roundTrip(AbortSignal.abort().reason);
  expect(abort).toBeInstanceOf(Error);
  expect(abort).toMatchObject({ name: "AbortError", code: 20, message: "This operation was aborted" });
});

test("any depth works: lists and nested arrays of 200 000 levels", () => {
  let list: { next: unknown } | undefined;
  let nested: unknown[] = [];
  for (let i = 0; i < 200_000; i++) {
    list = { next: list };
    nested = [nested];
  }
  let levels = 0;
  for (let at: unknown = roundTrip(list); at !== undefined; at = (at as { next: unknown }).next) levels++;
  expect(levels).toBe(200_000);
  for (let at: unknown = roundTrip(nested); at !== undefined; at = (at as unknown[])[0]) levels--;
  expect(levels).toBe(-1);
});

test("any value at all", () => {
  const anything = fc.anything({
    // The assert of Node 20 finds an invalid date unequal to itself.
    values: [
      ...[fc.boolean(), fc.integer(), fc.double(), fc.constantFrom(null, undefined, "", "__proto__", "\ud800")],
      ...[fc.string({ unit: "binary" }), fc.date({ noInvalidDate: true })],
    ],
    key: fc.oneof(
      fc.string(),
      fc.string({ unit: "binary" }),
      fc.constantFrom("__proto__", "constructor", "toJSON", "0"),
    ),
    withBigInt: true,
    withBoxedValues: true,
    withMap: true,
    withSet: true,
    withNullPrototype: true,
    withObjectString: true,
    withSparseArray: true,
    withTypedArray: true,
    maxDepth: 4,
  });
  fc.assert(fc.property(anything, travelsAsStructuredClone), { numRuns: 1000 });
  fc.assert(
    fc.property(fc.array(anything), fc.nat(), (items, at) => {
      const shared = items[at % (items.length || 1)];
      const holder: unknown[] = [...items, { shared }, new Map([[shared, shared]])];
      holder.push(holder);
      travelsAsStructuredClone(holder);
    }),
  );
});

test("any string and any BigInt", () => {
  fc.assert(fc.property(fc.string({ unit: "binary", maxLength: 300 }), travelsAsStructuredClone));
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 90 }), (units) => {
      travelsAsStructuredClone([String.fromCharCode(...units)]);
    }),
  );
  fc.assert(fc.property(fc.bigInt({ min: -(2n ** 600n), max: 2n ** 600n }), (n) => travelsAsStructuredClone([n])));
});

test("small values arrive intact at the limits of each form", () => {
  const numbers = [0, 127, 128, 255, 256, 65535, 65536, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1, 2 ** 32, 2 ** 53];
  const texts = [0, 1, 31, 32, 64, 65, 300].flatMap((length) => ["x".repeat(length), `${"y".repeat(length)}é`, "\x7f"]);
  const lists = [0, 1, 15, 16, 100].map((length) => Array.from({ length }, (_, i) => i - 50));
  const objects = [0, 1, 15, 16, 100].map((length) => Object.fromEntries(texts.slice(0, length).entries()));
  const deep = (depth: number): unknown => (depth === 0 ? -1.5 : [{ next: deep(depth - 1) }]);
  const all = [...numbers, ...numbers.map((x) => -x), 0.1, ...texts, ...lists, ...objects, deep(2), deep(4), deep(40)];
  for (const value of all) {
    expect(roundTrip([value])).toEqual([value]);
    expect(roundTrip({ value, again: value === null ? 1 : 2 })).toEqual({ value, again: 2 });
  }
});

test("an accessor of a small value may encode another value: both arrive intact", () => {
  const others = [42, new Uint8Array([1, 2, 3]), new Uint8Array(1000).fill(9), "text", { deep: [1] }, -0, null];
  for (let round = 0; round < 100; round++) {
    const met: ReturnType<typeof encode>[] = [];
    const value = {
      before: "before",
      get inner() {
        for (const other of others) met.push(encode(other));
        return round;
      },
      after: ["after"],
    };
    expect(roundTrip(value)).toEqual({ before: "before", inner: round, after: ["after"] });
    expect(met.slice(0, others.length).map(decode)).toEqual(others);
  }
});

test("an accessor may encode something itself, or throw", () => {
  const other = { deep: [1, 2, { three: 3 }] };
  const value = {
    before: "before",
    get inner() {
      return roundTrip(other);
    },
    after: ["after"],
  };
  expect(roundTrip([value])).toEqual([{ before: "before", inner: other, after: ["after"] }]);
  const throws = {
    get inner(): never {
      throw new Error("not today");
    },
  };
  expect(() => encode([1, throws])).toThrow("not today");
  expect(roundTrip([value])).toEqual([{ before: "before", inner: other, after: ["after"] }]);
});

test("later encodings do not change a parcel", () => {
  const values = Array.from({ length: 3000 }, (_, i) => ({
    i,
    text: "x".repeat(i % 700),
    at: i % 3 ? i : new Date(i),
  }));
  const parcels = values.map(encode);
  expect(parcels.map(decode)).toEqual(values);
});

test("content too large for a head is attached", () => {
  const parcel = encode(Array.from({ length: 10_000 }, (_, i) => `item ${i}`));
  expect(parcel.head).toHaveLength(1);
  expect(parcel.attachments).toHaveLength(1);
});
