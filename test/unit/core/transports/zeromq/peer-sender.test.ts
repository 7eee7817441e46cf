import { setImmediate as turn } from "node:timers/promises";
import { expect, test, vi } from "vitest";
import { System } from "../../../../../packages/core/src/transports/libc.ts";
import { deliver } from "../../../../../packages/core/src/transports/zeromq/deliver.ts";
import { PeerSender } from "../../../../../packages/core/src/transports/zeromq/peer-sender.ts";
import type { Envelope } from "../../../../../packages/core/src/wire/envelope.ts";
import { envelope } from "../../../../support/envelope-of.ts";

const envelopeOf = (id: number): Envelope => ({ ...envelope, id, sequence: id });

/** A sender, and the messages that it has given to a socket that takes each of them in `breaths` microtasks. */
function pumping(breaths: number): { sender: PeerSender; messages: Buffer[][]; failures: Error[] } {
  const messages: Buffer[][] = [];
  const failures: Error[] = [];
  let busy = false;
  const push = {
    async send(frames: Uint8Array[]): Promise<void> {
      if (busy) throw new Error("one send at a time");
      busy = true;
      messages.push(frames.map((frame) => Buffer.from(frame)));
      for (let i = 0; i < breaths; i++) await undefined;
      busy = false;
    },
    close() {},
  };
  const sender = new PeerSender((error) => failures.push(error));
  sender.open(push as unknown as Parameters<PeerSender["open"]>[0]);
  return { sender, messages, failures };
}

function ids(messages: Buffer[][]): number[] {
  const all: number[] = [];
  const receiver = {
    landing: () => undefined,
    pollBoards: () => false,
    watchBoards: () => {},
    waiting: true,
    failed: () => {},
  };
  for (const frames of messages) deliver(frames, { ...receiver, packet: ({ id }) => void all.push(id) });
  return all;
}

test.each([1, 500])(
  "who sends without a turn of the event loop is heard meanwhile: a send takes %i breaths",
  async (breaths) => {
    const { sender, messages, failures } = pumping(breaths);
    let turned = false;
    setImmediate(() => {
      turned = true;
    });
    const count = 20_000;
    for (let i = 0; i < count; i++) {
      sender.add(envelopeOf(i), { head: Buffer.alloc(50), attachments: [] }, false);
      await undefined;
    }
    expect(turned).toBe(false);
    expect(ids(messages).length).toBeGreaterThan(count / 2);
    await sender.idle();
    expect(failures).toEqual([]);
    expect(ids(messages)).toEqual(Array.from({ length: count }, (_, i) => i));
    expect(messages.length).toBeLessThan(count / 100); // in batches nevertheless
  },
);

test("packets of one turn leave together, after the first", async () => {
  const { sender, messages } = pumping(1);
  for (let i = 0; i < 100; i++) {
    sender.add(envelopeOf(i), { head: Buffer.alloc(50), attachments: [] }, false);
    if (i === 0) for (let breath = 0; breath < 10; breath++) await undefined;
  }
  await turn();
  await turn();
  expect(messages.map((message) => ids([message]).length)).toEqual([1, 99]);
  await sender.idle();
});

test("the sender yields its CPU after each full batch, and after no other", async () => {
  const yieldCpu = vi.spyOn(System.load(), "yieldCpu");
  const { sender, messages } = pumping(1);
  const count = 5000;
  for (let i = 0; i < count; i++) {
    sender.add(envelopeOf(i), { head: Buffer.alloc(50), attachments: [] }, false);
    await undefined;
  }
  await sender.idle();
  const full = messages.filter(([batch]) => batch!.length >= 64 * 1024).length;
  expect(full).toBeGreaterThan(3);
  expect(full).toBeLessThan(messages.length);
  expect(yieldCpu).toHaveBeenCalledTimes(full);
  yieldCpu.mockRestore();
});
