import assert from "node:assert/strict";
import { test } from "vitest";
import { System } from "../../../../../packages/core/src/transports/libc.ts";
import { PollBudget } from "../../../../../packages/core/src/transports/shared-memory/poll-budget.ts";
import { Ring } from "../../../../../packages/core/src/transports/shared-memory/ring.ts";
import { RingReceiver } from "../../../../../packages/core/src/transports/shared-memory/ring-receiver.ts";
import { RingSender } from "../../../../../packages/core/src/transports/shared-memory/ring-sender.ts";
import type { Waker } from "../../../../../packages/core/src/transports/shared-memory/wake-flag.ts";
import { Instance } from "../../../../../packages/core/src/wasm/module.ts";
import { decode, encode, short, shortBytes } from "../../../../../packages/core/src/wire/codec/codec.ts";
import { kind } from "../../../../../packages/core/src/wire/envelope.ts";
import { notThere } from "../../../../../packages/core/src/wire/short-messages.ts";
import { Random } from "../../../../support/random.ts";

const context = 3;

/** Both ends of a ring of 4 KiB in the memory of the module. */
function ends() {
  const instance = new Instance(64 * 1024);
  const memory = new Uint8Array(instance.memory, 4096, Ring.headerBytes + 4096);
  const system = System.load();
  const usual: { tag: number; value: unknown }[] = [];
  const budget = new PollBudget(false, false);
  const reader = new RingReceiver(
    system,
    0,
    new Ring(memory),
    {
      packet: ({ tag }, body) => void usual.push({ tag, value: decode(body) }),
      landing: () => undefined,
      pollBoards: () => false,
      watchBoards: () => {},
      waiting: false,
      failed: assert.fail,
    },
    () => {},
    { instance, budget },
  );
  const waker = { wake() {} } as unknown as Waker;
  const writer = new RingSender(system, new Ring(memory), waker, () => undefined);
  while (reader.pending) reader.poll();
  let sequence = 0;
  const sendShort = (tag: number, value: unknown): boolean => {
    const ready = short(value);
    if (ready === undefined || !writer.sendShort(context, 0, tag, sequence, ready, shortBytes(ready))) return false;
    sequence++;
    return true;
  };
  const sendUsual = (tag: number, value: unknown, isCollective = false): void => {
    const body = encode(value);
    const envelope = { kind: kind.message, collective: isCollective, sync: false, context, source: 0, tag, id: 0 };
    writer.send({ ...envelope, sequence: sequence++, bytes: 9, signature: 0 }, body, false);
  };
  return { instance, budget, reader, writer, usual, sendShort, sendUsual };
}

const values = [
  1.5,
  -0,
  Number.NaN,
  "text",
  { step: 3, of: [1, 2.5, null] },
  new Float64Array([1, -0, Number.NaN]),
  new Float32Array(17).fill(0.5),
  new Uint8Array([1, 2, 3]),
  new BigInt64Array([5n, -7n]),
  new Uint16Array(100).map((_, i) => i),
  Buffer.from("bytes"),
];

test("each kind of small value arrives as it does the usual way", () => {
  const { reader, usual, sendShort } = ends();
  let received = 0;
  for (const value of values) {
    assert.ok(sendShort(7, value));
    assert.deepEqual(reader.receiveShort(context, 7, received++, undefined), decode(encode(value)));
    assert.equal(reader.shortBytes, encode(value).head.length + (encode(value).attachments[0]?.length ?? 0));
    assert.ok(sendShort(7, value));
    reader.poll();
    received++;
  }
  assert.deepEqual(
    usual.map(({ value }) => value),
    values.map((value) => decode(encode(value))),
  );
});

test("an array lands in the caller's, if it has the same type and fits; otherwise the usual way has it", () => {
  const { reader, usual, sendShort } = ends();
  const sent = new Float64Array([1, 2, 3]);
  const into = new Float64Array(5).fill(9);
  sendShort(0, sent);
  assert.equal(reader.receiveShort(context, -1, 0, into), into);
  assert.deepEqual(into, new Float64Array([1, 2, 3, 9, 9]));
  for (const other of [new Float64Array(2), new Float32Array(5), new Uint8Array(100)]) {
    sendShort(0, sent);
    assert.equal(reader.receiveShort(context, -1, 1, other), notThere);
    assert.ok(
      other.every((element) => element === 0),
      "nothing is written",
    );
    reader.poll();
    assert.deepEqual(usual.pop(), { tag: 0, value: sent });
    sendShort(0, sent);
    reader.poll();
    usual.pop();
  }
});

test("a message of another context, tag, number or stream stays for the usual way", () => {
  const { reader, usual, sendShort, sendUsual } = ends();
  sendShort(7, 1);
  assert.equal(reader.receiveShort(context + 1, 7, 0, undefined), notThere);
  assert.equal(reader.receiveShort(context, 8, 0, undefined), notThere);
  assert.equal(reader.receiveShort(context, 7, 1, undefined), notThere);
  assert.equal(reader.receiveShort(context, 7, 0, undefined), 1);
  assert.equal(reader.receiveShort(context, 7, 1, undefined), notThere, "nothing is there");
  sendUsual(7, 2, true);
  assert.equal(reader.receiveShort(context, 7, 1, undefined), notThere, "a collective's message");
  reader.poll();
  assert.deepEqual(usual, [{ tag: 7, value: 2 }]);
});

test("values that wait, or are no small ones, are not sent short", () => {
  const { sendShort, sendUsual, writer } = ends();
  for (const value of [undefined, new Float64Array(0), new DataView(new ArrayBuffer(8)), new Map(), 1n]) {
    assert.equal(sendShort(0, value), false, String(value));
  }
  while (!writer.full) sendUsual(0, "x".repeat(200));
  assert.equal(sendShort(0, 1), false, "nothing overtakes what is queued");
});

test("after many deliveries in one turn of the event loop the usual way decides", () => {
  const { reader, sendShort, budget } = ends();
  while (!budget.isSpent) budget.count();
  sendShort(0, 2);
  assert.equal(reader.receiveShort(context, 0, 0, undefined), notThere);
  budget.renew();
  assert.equal(reader.receiveShort(context, 0, 0, undefined), 2);
});

test("a rank that has polled in vain polls again, for a shorter time at first", () => {
  const budget = new PollBudget(false, false);
  const { looks } = budget;
  budget.failed();
  assert.ok(budget.looks > 0 && budget.looks < looks);
  while (!budget.isOpen) budget.skip();
  assert.equal(budget.looks, looks);
  assert.equal(new PollBudget(true, true).looks, 0, "where ranks take turns on a CPU, none of them polls");
});

test("short and usual messages keep their order, around the end of the ring, whichever way they are received", () => {
  for (let seed = 1; seed <= 20; seed++) {
    const random = new Random(seed);
    const { reader, usual, sendShort, sendUsual, writer } = ends();
    const sent: unknown[] = [];
    const got: unknown[] = [];
    let received = 0;
    for (let i = 0; i < 500; i++) {
      const value = random.fraction() < 0.5 ? i : new Float64Array(1 + Math.floor(random.fraction() * 60)).fill(i);
      if (random.fraction() < 0.3 || !sendShort(i, value)) sendUsual(i, value);
      sent.push(value);
      while (got.length < sent.length && random.fraction() < 0.7) {
        const short = random.fraction() < 0.6 ? reader.receiveShort(context, -1, received, undefined) : notThere;
        if (short !== notThere) got.push(short);
        else {
          writer.push();
          if (!reader.pending) break;
          reader.poll();
          got.push(...usual.splice(0).map(({ value: each }) => each));
        }
        received = got.length;
      }
    }
    for (; got.length < sent.length; writer.push()) {
      if (reader.pending) reader.poll();
      got.push(...usual.splice(0).map(({ value }) => value));
    }
    assert.deepEqual(got, sent);
  }
});
