import assert from "node:assert/strict";
import { test } from "vitest";
import type { Call } from "../../../../packages/core/src/calls/call.ts";
import { dataOf } from "../../../../packages/core/src/engine/arrival.ts";
import { Engine } from "../../../../packages/core/src/engine/engine.ts";
import { encode } from "../../../../packages/core/src/wire/codec/codec.ts";
import { type Envelope, kind } from "../../../../packages/core/src/wire/envelope.ts";
import { empty } from "../../../../packages/core/src/wire/packet.ts";
import type { Receiver, Transport } from "../../../../packages/core/src/wire/transport.ts";
import { envelope } from "../../../support/envelope-of.ts";

const call: Call = { operation: "send" };
const small = new Uint8Array(500);
const middling = new Uint8Array(5000);
const large = new Uint8Array(50_000);

/** A transport over which an answer takes as long as 10,000 bytes. */
class Slow implements Transport {
  readonly eagerBytes = 1000;
  receiver: Receiver | undefined;
  readonly sent: { envelope: Envelope; lent: boolean; attachment: Uint8Array | undefined }[] = [];
  #sequence = 0;

  sendsAhead(_dest: number, bytes: number): boolean {
    return bytes <= 10_000;
  }

  send(
    _dest: number,
    envelope: Envelope,
    { attachments }: { attachments: readonly Uint8Array[] },
    lent: boolean,
  ): void {
    this.sent.push({ envelope, lent, attachment: attachments[0] });
  }

  /** Rank 1 says something about the message that was sent with this number. */
  answer(what: (typeof kind)["received" | "grant"], id: number): void {
    this.receiver?.packet({ ...envelope, kind: what, source: 1, id, sequence: this.#sequence++ }, empty, false);
  }

  listen(): void {}
  async flush(): Promise<void> {}
  flushSync(): void {}
  async close(): Promise<void> {}
}

function pair() {
  const transport = new Slow();
  const engine = new Engine({ rank: 0, size: 2, host: "here" }, transport);
  const channel = engine.channel(envelope.context, envelope.collective);
  const send = (value: Uint8Array, signal?: AbortSignal): Promise<void> =>
    engine.sends.send(channel, 1, 0, encode(value), call, { signal });
  return { transport, engine, channel, send };
}

async function isDone(promise: Promise<void>): Promise<boolean> {
  const pending = Symbol();
  await new Promise(setImmediate);
  return (await Promise.race([promise, pending])) !== pending;
}

test("a middle-sized message is sent at once, lent until it is matched", async () => {
  const { transport, send } = pair();
  const sent = send(middling);
  const [{ envelope, lent, attachment } = assert.fail()] = transport.sent;
  assert.deepEqual([envelope.kind, envelope.sync, lent], [kind.message, true, true]);
  assert.equal(attachment?.buffer, middling.buffer);
  assert.equal(await isDone(sent), false);
  transport.answer(kind.received, envelope.id);
  await sent;
});

test("a small message is copied, a large one announced, and so is one that may be cancelled", async () => {
  const { transport, send } = pair();
  await send(small);
  const waiting = [send(large), send(middling, new AbortController().signal)];
  assert.deepEqual(
    transport.sent.map(({ envelope, lent }) => [envelope.kind, lent]),
    [
      [kind.message, false],
      [kind.request, false],
      [kind.request, false],
    ],
  );
  for (const each of waiting) assert.equal(await isDone(each), false);
});

test("without credit a middle-sized message is announced", () => {
  const { transport, send } = pair();
  for (let i = 0; i < 1000; i++) void send(middling);
  const kinds = transport.sent.map(({ envelope }) => envelope.kind);
  const first = kinds.indexOf(kind.request);
  assert.ok(first > 700 && first < 900, `${first} of 5 KB went before 4 MiB of credit were used up`);
  assert.ok(kinds.slice(first).every((each) => each === kind.request));
});

test("a middle-sized message lands in the array of the receive that will match it", () => {
  const { engine, transport, channel } = pair();
  const { head } = encode(middling);
  const arriving = { ...envelope, kind: kind.message, source: 1, tag: 3 };
  const into = new Uint8Array(6000);
  const landing = (): Uint8Array | undefined =>
    transport.receiver?.landing(arriving, Buffer.from(head), middling.length) as Uint8Array | undefined;
  assert.equal(landing(), undefined);
  void engine.receives.receive(channel, 1, 4, call, dataOf, undefined, new Uint8Array(6000));
  assert.equal(landing(), undefined);
  void engine.receives.receive(channel, 1, 3, call, dataOf, undefined, into);
  assert.equal(landing()?.buffer, into.buffer);
  assert.equal(landing()?.length, middling.length);
});
