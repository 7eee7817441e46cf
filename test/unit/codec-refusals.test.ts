import { connect } from "node:net";
import { expect, test } from "vitest";
import { refusal, roundTrip } from "./codec-support.ts";

class Account {
  name = "a";
  #balance = 1;
  add() {
    return ++this.#balance;
  }
}
class Savings extends Account {}
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
  expect(refusal(new URL("http://localhost"))).toMatch(/^data is an instance of URL with the private field #\w+/);
});

test("a socket", () => {
  const socket = connect({ port: 9, host: "127.0.0.1" }).on("error", () => {});
  expect(refusal({ socket })).toContain("data.socket is an instance of Socket that keeps state under Symbol");
  socket.destroy();
});

test("an encoding that failed leaves the next one unharmed", () => {
  refusal({ a: [1, { b: () => 1 }] });
  expect(roundTrip({ a: 1 })).toEqual({ a: 1 });
});
