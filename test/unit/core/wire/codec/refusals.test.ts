import { createHash, createSecretKey } from "node:crypto";
import { EventEmitter } from "node:events";
import { connect } from "node:net";
import { expect, test } from "vitest";
import { isTooLong } from "../../../../../packages/core/src/wire/codec/plain.ts";
import { reasonAgainstText } from "../../../../../packages/core/src/wire/codec/unserializable.ts";
import { refusal, roundTrip } from "./codec-support.ts";

class Account {
  name = "a";
  #balance = 1;
  add() {
    return ++this.#balance;
  }
}
class Savings extends Account {}
/** As decimal.js makes numbers: the class is a property of each. */
const Decimal = function Decimal(this: object) {
  Object.assign(this, { constructor: Decimal, d: [1] });
} as unknown as new () => object;
Object.assign(Decimal.prototype, { toString: () => "1" });
/** As libraries for old engines keep state: set, and not to be listed. */
class Complex {
  constructor() {
    Object.defineProperty(this, "buffer", { value: new Float64Array(2) });
  }
  get re(): number {
    return 0;
  }
}
const smallBuffer = new (ArrayBuffer as unknown as new (bytes: number, options: object) => Shrinking)(16, {
  maxByteLength: 16,
});
type Shrinking = ArrayBuffer & { resize(bytes: number): void };
const [elements, dataView] = [new Float64Array(smallBuffer, 8, 1), new DataView(smallBuffer, 8)];
smallBuffer.resize(4);

const deep = (end: unknown): unknown => {
  for (let i = 0; i < 1000; i++) end = { next: end };
  return end;
};
const unreadable = new Proxy(
  {},
  {
    ownKeys: () => {
      throw new Error("no keys");
    },
  },
);

const refusals: readonly (readonly [unknown, string])[] = [
  [() => 1, "data is a function; send data, and keep functions on each rank"],
  [Account, "data is a function; send data, and keep functions on each rank"],
  [
    { jobs: [0, 1, 2, { onDone() {} }] },
    "data.jobs[3].onDone is a function; send data, and keep functions on each rank",
  ],
  [{ constructor: Map }, "data.constructor is a function"],
  [{ toJSON: () => 1 }, "data.toJSON is a function"],
  [Symbol("s"), "data is a symbol; send a string"],
  [[Object(Symbol("s"))], "data[0] is a symbol; send a string"],
  [{ "not an identifier": Symbol() }, 'data["not an identifier"] is a symbol'],
  [new Map([["on", () => 1]]), 'data.get("on") is a function'],
  [new Map([[{}, [() => 1]]]), "[...data.values()][0][0] is a function"],
  [
    new Map([
      [1, 2],
      [() => 1, 2],
    ] as [unknown, unknown][]),
    "[...data.keys()][1] is a function",
  ],
  [new Set([1, () => 1]), "[...data][1] is a function"],
  [new Error("x", { cause: { retry() {} } }), "data.cause.retry is a function"],
  [
    [new Account()],
    "data[0] is an instance of Account with the private field #balance; send its public data as a plain object",
  ],
  [new Savings(), "data is an instance of Savings with the private field #balance"],
  [
    new (class Cache extends Map {
      #limit = 3;
      get limit() {
        return this.#limit;
      }
    })(),
    "data is an instance of Cache with the private field #limit",
  ],
  [
    { price: new Decimal() },
    "data.price.constructor is a function of an instance of Decimal; send its toString(), or registerClass(Decimal, ...)",
  ],
  [
    [new Complex()],
    "data[0] is an instance of Complex whose state cannot be seen; send its data as a plain object, or registerClass(Complex, ...)",
  ],
  [
    new (class Simulation extends EventEmitter {})(),
    "data is an instance of Simulation that keeps state under Symbol(",
  ],
  [createHash("sha1"), "data is an instance of Hash that keeps state under Symbol(kHandle)"],
  [createSecretKey(Buffer.alloc(8)), "data is a SecretKeyObject; it cannot leave its process"],
  [{ elements }, "data.elements is a view beyond the end of its buffer, which resize() made smaller"],
  [elements, "data is a view beyond the end of its buffer"],
  [dataView, "data is a view beyond the end of its buffer"],
  [{ map: new Proxy(new Map(), {}) }, "data.map is a Proxy of a built-in object; send that object"],
  [
    new Proxy(new ArrayBuffer(8), {}),
    "data is a Proxy of an ArrayBuffer, or inherits from one; send the buffer itself",
  ],
  [{ ["k".repeat(200)]: () => 1 }, `data["${"k".repeat(100)}..."] is a function`],
  [{ p: Promise.resolve(1) }, "data.p is a Promise; await it and send what it resolves to"],
  [[new WeakMap()], "data[0] is a WeakMap; its entries cannot be listed, send a Map"],
  [new WeakRef({}), "data is a WeakRef; send the object that it refers to"],
  [new Map().values(), "data is a Map Iterator; send an array of what it yields"],
  [(function* () {})(), "data is a Generator; send an array of what it yields"],
  [(async function* () {})(), "data is an AsyncGenerator; send an array of what it yields"],
  [new AbortController().signal, "data is an AbortSignal; it cannot leave its process, send the data that it holds"],
  [new Blob(["x"]), "data is a Blob; it cannot leave its process"],
  [new Intl.NumberFormat(), "data is a NumberFormat; it cannot leave its process"],
  [
    {
      get x() {
        throw new Error("not now");
      },
    },
    "data.x cannot be read (not now); send data that can",
  ],
  [[unreadable], "data[0] cannot be read (no keys)"],
  [
    deep(() => 1),
    "data.next.next.next.next.next.next.next.next.(...).next.next.next.next.next.next.next.next is a function",
  ],
];
for (const [value, message] of refusals) {
  test(message, () => expect(refusal(value)).toContain(message));
}

test("a class of the platform with private fields", () => {
  expect(refusal(new URL("http://localhost"))).toBe("data is a URL; send its href");
});

test("a socket", () => {
  const socket = connect({ port: 9, host: "127.0.0.1" }).on("error", () => {});
  expect(refusal({ socket })).toContain("data.socket is an instance of Socket that keeps state under Symbol");
  socket.destroy();
});

test("an encoding that failed does not harm the next one", () => {
  refusal({ a: [1, { b: () => 1 }] });
  expect(roundTrip({ a: 1 })).toEqual({ a: 1 });
});

test("a string is too long by its bytes in UTF-8, not by its characters", () => {
  expect(["aaaaaa", "ééé", "€€", "aaaaaaa", "éééa", "€€a"].map((text) => isTooLong(text, 6))).toEqual([
    ...[false, false, false],
    ...[true, true, true],
  ]);
  expect(reasonAgainstText("€€a")).toMatch(
    /^is a string of 7 bytes in UTF-8, more than V8 can read as one string; send it/,
  );
});
