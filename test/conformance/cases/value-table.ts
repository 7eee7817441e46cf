import { strict as assert } from "node:assert";
import { createHash } from "node:crypto";
import { registerClass } from "tsmpi";

/** A row of the table of `docs/values.md`: one kind of value, and what arrives of it. */
export interface ValueRow {
  /** The first cell. */
  kind: string;
  /** Whether structuredClone gives the same, or refuses, too. */
  same: boolean;
  /** New ones each time, small and large. */
  values: () => unknown[];
  /** Throws unless that is what is to arrive of `value`. Without it: what structuredClone gives. */
  check?: (arrived: never, value: never) => void;
  /** The sentence with which the call refuses the value. */
  refused?: RegExp;
  /** The warning that the program gets. */
  warned?: RegExp;
  /** Has a job of its own, see `test/launcher/values.test.ts`: for it warns. */
  apart?: true;
}

class Displacement {
  readonly #squares: number;
  readonly x: number;
  readonly y: number;
  constructor(x: number, y: number) {
    this.x = x;
    this.y = y;
    this.#squares = x * x + y * y;
  }
  get norm(): number {
    return Math.sqrt(this.#squares);
  }
}
registerClass(Displacement, { write: (v) => [v.x, v.y], read: ([x, y]) => new Displacement(x, y) });

class Sample {
  t = 1.5;
  label = "first";
  at = new Date(5);
}
class Point {
  x = 3;
  get double(): number {
    return 2 * this.x;
  }
  norm(): number {
    return this.x;
  }
}
class Account {
  name = "a";
  #balance = 1;
  add(): number {
    return ++this.#balance;
  }
}
const slots = new WeakMap<object, number>();
class Instant {
  constructor() {
    slots.set(this, 7);
  }
  get seconds(): number | undefined {
    return slots.get(this);
  }
}
class OutOfRange extends RangeError {
  override name = "OutOfRange";
  limit = 9;
}

type Resizable = new (
  bytes: number,
  options: { maxByteLength: number },
) => ArrayBuffer & { resize(bytes: number): void };

function resizable(length: number): InstanceType<Resizable> {
  return new (ArrayBuffer as unknown as Resizable)(length, { maxByteLength: 10_000 });
}

function outOfBounds(): Uint8Array {
  const buffer = resizable(16);
  const view = new Uint8Array(buffer, 8, 8);
  buffer.resize(4);
  return view;
}

function transferred(): ArrayBuffer {
  const buffer = new ArrayBuffer(8);
  structuredClone(buffer, { transfer: [buffer] });
  return buffer;
}

function cyclic(): object {
  const member = { id: 1 };
  const holder: Record<string, unknown> = { member, again: member, map: new Map([[member, member]]) };
  holder["self"] = holder;
  return holder;
}

function nested(depth: number): unknown[] {
  let value: unknown[] = [];
  for (let i = 0; i < depth; i++) value = [value];
  return value;
}

function depthOf(value: unknown): number {
  let depth = 0;
  for (let at = value as unknown[]; at.length > 0; at = at[0] as unknown[]) depth++;
  return depth;
}

function shared(length: number): Uint8Array {
  return new Uint8Array(new SharedArrayBuffer(length)).fill(7);
}

const long = "x".repeat(5000);

export const table: readonly ValueRow[] = [
  {
    kind: "`undefined`, `null`, booleans, numbers",
    same: true,
    values: () => [undefined, null, true, false, 0, -0, Number.NaN, -7, 2 ** 40, 1.5, Number.POSITIVE_INFINITY],
  },
  { kind: "bigints", same: true, values: () => [0n, -1n, 2n ** 64n, -(3n ** 5000n)] },
  { kind: "strings", same: true, values: () => ["", "grüße 🚀", "\ud800 alone", "\ufeffmark", long, `${long}\udfff`] },
  {
    kind: "plain objects, those without a prototype too",
    same: true,
    values: () => [
      {},
      { a: 1, b: { c: undefined } },
      JSON.parse('{"__proto__":{"x":1},"constructor":1,"toJSON":[]}'),
      Object.assign(Object.create(null), { a: -0 }),
      Object.fromEntries(Array.from({ length: 2000 }, (_, i) => [`k${i}`, i])),
    ],
  },
  {
    kind: "arrays, with their holes",
    same: true,
    values: () => [
      [],
      Object.assign(new Array(4), { 0: 1, 2: undefined, 3: -0 }),
      new Array(7),
      Array.from({ length: 3000 }, (_, i) => i / 3),
    ],
  },
  { kind: "what `match()` gives", same: true, values: () => ["xaby".match(/a(?<n>b)/), `${long}ab`.match(/a(b)/)] },
  {
    kind: "`Map`, `Set`",
    same: true,
    values: () => [
      new Map<unknown, unknown>([
        [{ key: true }, new Set([1, "x", Number.NaN])],
        ["k", new Map()],
      ]),
      new Set(Array.from({ length: 2000 }, (_, i) => `member ${i}`)),
    ],
  },
  { kind: "cycles, and objects that are met twice", same: true, values: () => [cyclic(), [cyclic(), long]] },
  {
    kind: "values of any depth",
    same: false,
    values: () => [nested(10_000)],
    check: (arrived) => assert.equal(depthOf(arrived), 10_000),
  },
  { kind: "`Date`, `RegExp`", same: true, values: () => [new Date(0), new Date(-1.5e12), /a(?<n>b)\/\ud800/giu] },
  {
    kind: "`Error` and its built-in heirs",
    same: true,
    values: () => [new Error("x"), new RangeError("far", { cause: new TypeError(long) }), new URIError("")],
  },
  {
    kind: "`code` and other properties of errors, `AggregateError`, `MpiError`",
    same: false,
    values: () => [
      Object.assign(new Error("lost"), { code: "ELOST", path: long }),
      new AggregateError([new TypeError("one"), 2], "several"),
    ],
    check: (arrived: Error, value: Error) => {
      assert.deepStrictEqual(arrived, value);
      assert.deepStrictEqual(Object.keys(arrived), Object.keys(value));
      assert.equal(Object.getPrototypeOf(arrived), Object.getPrototypeOf(value));
    },
  },
  {
    kind: "errors of a class of the program",
    same: false,
    values: () => [new OutOfRange("no")],
    check: (arrived: OutOfRange) => {
      assert.equal(Object.getPrototypeOf(arrived), RangeError.prototype);
      assert.deepEqual([arrived.name, arrived.message, arrived.limit], ["OutOfRange", "no", 9]);
    },
  },
  {
    kind: "`new Number(1)` and the like",
    same: true,
    values: () => [Object(1), Object("s"), Object(false), Object(7n)],
  },
  {
    kind: "typed arrays, `DataView`, `ArrayBuffer`",
    same: true,
    values: () => [
      ...[0, 3, 200, 10_000].flatMap((length) => [
        new Float64Array(length).fill(-0.5),
        new Uint8Array(length).fill(5),
        new BigInt64Array(length).fill(-5n),
        new DataView(new Uint8Array(length).fill(1).buffer),
        new Uint8Array(length).fill(2).buffer,
      ]),
    ],
  },
  {
    kind: "an array that is met twice",
    same: true,
    values: () => [3, 10_000].map((length) => Array(2).fill(new Int32Array(length).fill(9))),
    check: (arrived: unknown[], value) => {
      assert.deepStrictEqual(arrived, value);
      assert.equal(arrived[0], arrived[1]);
    },
  },
  {
    kind: "a view of a part of a buffer",
    same: false,
    values: () => [3, 10_000].map((length) => new Float64Array(length + 9).fill(4).subarray(2, length + 2)),
    check: (arrived: Float64Array, value: Float64Array) => {
      assert.deepStrictEqual(arrived, value);
      assert.equal(arrived.buffer.byteLength, value.byteLength);
    },
  },
  {
    kind: "views that share a buffer",
    same: false,
    values: () => [
      ...[8, 10_000].map((length) => {
        const all = new Float64Array(length).fill(6);
        return { all, head: all.subarray(0, length / 2), buffer: all.buffer };
      }),
    ],
    check: (arrived: Record<"all" | "head", Float64Array> & { buffer: ArrayBuffer }, value: object) => {
      assert.deepStrictEqual<object>(arrived, value);
      assert.equal(new Set([arrived.all.buffer, arrived.head.buffer, arrived.buffer]).size, 3);
    },
  },
  {
    kind: "`Buffer`",
    same: false,
    values: () => [Buffer.from("abc"), Buffer.alloc(10_000, 3)],
    check: (arrived, value) => {
      assert.ok(Buffer.isBuffer(arrived));
      assert.deepStrictEqual(arrived, value);
    },
  },
  {
    kind: "a resizable `ArrayBuffer`, and views of one",
    same: false,
    values: () => [
      resizable(8),
      resizable(9000),
      new Float64Array(resizable(16)),
      new Uint8Array(resizable(9000), 2, 4),
    ],
    check: (arrived: ArrayBuffer | Uint8Array, value: ArrayBuffer | Uint8Array) => {
      assert.equal(Object.getPrototypeOf(arrived), Object.getPrototypeOf(value));
      assert.equal(arrived.byteLength, value.byteLength);
      const buffer = "buffer" in arrived ? arrived.buffer : arrived;
      assert.equal((buffer as { resizable?: boolean }).resizable, false);
    },
  },
  {
    kind: "a `SharedArrayBuffer`, and views of one",
    same: false,
    values: () => [shared(8), shared(9000), shared(8).buffer, { deep: shared(9000).buffer }],
    check: (arrived, value) => {
      const [bytes, given] = [arrived, value].map((each: ArrayBuffer | Uint8Array | { deep: ArrayBuffer }) => {
        const data = "deep" in each ? each.deep : each;
        return ArrayBuffer.isView(data) ? data : new Uint8Array(data);
      }) as [Uint8Array, Uint8Array];
      assert.deepEqual([...bytes], [...given]);
      assert.ok(bytes.buffer instanceof ArrayBuffer);
    },
  },
  {
    kind: "a view beyond the end of a buffer that was made smaller",
    same: true,
    values: () => [outOfBounds(), { view: outOfBounds() }],
    refused: /^.*data(\.view)? is a view beyond the end of its buffer/,
  },
  {
    kind: "a buffer that was transferred",
    same: true,
    values: () => [transferred(), [transferred()]],
    refused: /data(\[0\])? was transferred to another thread/,
  },
  {
    kind: "getters of an object itself",
    same: true,
    values: () => [
      {
        get now() {
          return [1, long];
        },
      },
    ],
  },
  {
    kind: "symbols as keys, properties that are not enumerable",
    same: true,
    values: () => [{ a: 1, [Symbol("s")]: 2 }, Object.defineProperty({ a: long }, "b", { value: 2 })],
  },
  {
    kind: "names given to an array",
    same: false,
    values: () => [Object.assign([1, 2], { units: "m" })],
    check: (arrived) => assert.deepStrictEqual(arrived, [1, 2]),
    apart: true,
    warned: /arrays arrive without their named properties \(units\): send \{ items, units \} instead/,
  },
  {
    kind: "names given to a `Map`, a `Date`, a typed array and the like",
    same: true,
    values: () => [
      Object.assign(new Map([[1, 2]]), { units: "m" }),
      Object.assign(new Date(1), { units: "m" }),
      Object.assign(new Float64Array(2), { units: "m" }),
    ],
  },
  { kind: "instances of a class of plain fields", same: true, values: () => [new Sample(), [new Sample(), long]] },
  {
    kind: "instances of a class with methods or getters",
    same: true,
    values: () => [new Point()],
    apart: true,
    warned:
      /instances of Point arrive as plain objects, without their methods and getters \(double, norm\): send plain data, or registerClass\(Point, \.\.\.\)/,
  },
  {
    kind: "instances of a registered class",
    same: false,
    values: () => [new Displacement(3, 4), { list: [new Displacement(3, 4), long] }],
    check: (arrived: Displacement | { list: Displacement[] }) => {
      const vector = "list" in arrived ? arrived.list[0] : arrived;
      assert.ok(vector instanceof Displacement);
      assert.equal(vector.norm, 5);
    },
  },
  {
    kind: "instances with `#private` fields",
    same: false,
    values: () => [new Account(), [new Account()]],
    refused: /data(\[0\])? is an instance of Account with the private field #balance; send its public data/,
  },
  {
    kind: "instances whose state is elsewhere",
    same: false,
    values: () => [new Instant(), { at: new Instant() }],
    refused:
      /data(\.at)? is an instance of Instant whose state cannot be seen; send its data as a plain object, or reg/,
  },
  {
    kind: "`URL`, `Blob` and other objects of the platform",
    same: false,
    values: () => [new URL("http://localhost"), [new Blob(["x"])]],
    refused: /data(\[0\])? is a (URL; send its href|Blob; it cannot leave its process)/,
  },
  {
    kind: "handles of Node: sockets, hashes, keys",
    same: false,
    values: () => [createHash("sha1"), { hash: createHash("sha1") }],
    refused: /data(\.hash)? is an instance of Hash that keeps state under Symbol\(kHandle\)/,
  },
  {
    kind: "subclasses of `Map`, `Array`, `Float64Array` and the like",
    same: true,
    values: () => [
      new (class Table extends Map<number, number> {})([[1, 2]]),
      new (class List extends Array<number> {})(3, 4),
      new (class Field extends Float64Array {})(3),
    ],
  },
  {
    kind: "a `Proxy` of a plain object or an array",
    same: false,
    values: () => [new Proxy({ a: 1 }, {}), new Proxy([1, long], {})],
    check: (arrived, value) => assert.deepStrictEqual(arrived, Array.isArray(value) ? [1, long] : { a: 1 }),
  },
  {
    kind: "a `Proxy` of anything else",
    same: true,
    values: () => [new Proxy(new Map(), {}), [new Proxy(new Date(), {})], new Proxy(new ArrayBuffer(8), {})],
    refused: /data(\[0\])? is a Proxy/,
  },
  {
    kind: "functions, symbols",
    same: true,
    values: () => [{ onDone: () => 1 }, Symbol("s")],
    refused: /data(\.onDone)? is a (function; send data|symbol; send a string)/,
  },
  {
    kind: "`Promise`, `WeakMap`, iterators",
    same: true,
    values: () => [Promise.resolve(1), new WeakMap(), [].values()],
    refused: /data is an? (Promise; await it|WeakMap; its entries|Array Iterator; send an array)/,
  },
  {
    kind: "`process.env`",
    same: true,
    values: () => [process.env],
    check: (arrived: object) => {
      assert.equal(Object.getPrototypeOf(arrived), Object.prototype);
      assert.deepEqual(
        Object.entries(arrived).filter(([name]) => name === "PATH"),
        [["PATH", process.env["PATH"]]],
      );
    },
  },
];
