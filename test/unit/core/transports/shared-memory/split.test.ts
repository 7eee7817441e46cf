import assert from "node:assert/strict";
import fc from "fast-check";
import { expect, test } from "vitest";
import { System } from "../../../../../packages/core/src/transports/libc.ts";
import {
  envelopeBytes,
  record,
  writeEnvelope,
} from "../../../../../packages/core/src/transports/shared-memory/records.ts";
import { Ring } from "../../../../../packages/core/src/transports/shared-memory/ring.ts";
import { RingReceiver } from "../../../../../packages/core/src/transports/shared-memory/ring-receiver.ts";
import { RingSender } from "../../../../../packages/core/src/transports/shared-memory/ring-sender.ts";
import type { Waker } from "../../../../../packages/core/src/transports/shared-memory/wake-flag.ts";
import { type Envelope, kind } from "../../../../../packages/core/src/wire/envelope.ts";
import type { Packet } from "../../../../../packages/core/src/wire/packet.ts";

const envelopeOf = (id: number): Envelope => ({
  ...{ kind: kind.message, collective: false, sync: false, context: 0, source: 0, tag: 0, id, sequence: id },
  ...{ bytes: 0, signature: 0 },
});

/** Bytes that tell where they are. */
const pattern = (length: number): Uint8Array => Uint8Array.from({ length }, (_, i) => (i * 31 + (i >> 8)) & 255);

/** Both ends of a ring of 128 KiB, whose reader wants what it reads at `landing`. */
function ends(landing: (bytes: number) => Uint8Array | undefined) {
  const memory = new Uint8Array(Ring.headerBytes + 128 * 1024);
  const system = System.load();
  const packets: { id: number; head: Uint8Array; attachments: readonly Uint8Array[]; borrowed: boolean }[] = [];
  const ringReceiver = new RingReceiver(
    system,
    0,
    new Ring(memory),
    {
      packet({ id }, { head, attachments }, borrowed) {
        const own = borrowed ? attachments.map((each) => Uint8Array.from(each)) : attachments;
        packets.push({ id, head: Uint8Array.from(head), attachments: own, borrowed });
      },
      landing: (_, __, bytes) => landing(bytes),
      pollBoards: () => false,
      watchBoards: () => {},
      waiting: true,
      failed: assert.fail,
    },
    () => {},
  );
  const read = (): void => {
    while (ringReceiver.pending) ringReceiver.poll();
  };
  return { system, ring: new Ring(memory), packets, read };
}

test("arrays of any length arrive in order, in pieces or whole, whatever follows", () => {
  const none = (): undefined => undefined;
  const { system, ring, packets, read } = ends(none);
  const sender = new RingSender(system, ring, { wake() {} } as unknown as Waker, () => false);
  const lengths = fc.array(fc.oneof(fc.nat(40_000), fc.integer({ min: 16_380, max: 16_390 })), { maxLength: 6 });
  const sent: Packet[] = [];
  fc.assert(
    fc.property(lengths, fc.nat(300), (lengths, head) => {
      for (const length of lengths) {
        sent.push({ head: pattern(head), attachments: [pattern(length)] });
        sender.send(envelopeOf(sent.length), sent.at(-1) as Packet, false);
      }
      do {
        sender.push();
        read();
      } while (sender.full);
      expect(packets.map(({ id }) => id)).toEqual(sent.map((_, i) => i + 1));
    }),
    { numRuns: 100 },
  );
  for (const [i, { head, attachments }] of packets.entries()) {
    expect(Buffer.compare(head, sent[i]!.head)).toBe(0);
    expect(Buffer.compare(attachments[0]!, sent[i]!.attachments[0]!)).toBe(0);
  }
  expect(new Set(packets.map(({ borrowed }) => borrowed))).toEqual(new Set([true, false]));
});

test("the pieces are written into the receiver's array", () => {
  const into = new Uint8Array(50_000);
  const { system, ring, packets, read } = ends((bytes) => into.subarray(0, bytes));
  const sender = new RingSender(system, ring, { wake() {} } as unknown as Waker, () => false);
  sender.send(envelopeOf(1), { head: new Uint8Array(1), attachments: [pattern(30_000)] }, false);
  read();
  expect(packets[0]?.attachments[0]?.buffer).toBe(into.buffer);
  expect(Buffer.compare(into.subarray(0, 30_000), pattern(30_000))).toBe(0);
  expect(into.subarray(30_000).every((byte) => byte === 0)).toBe(true);
});

test("if the writer stops in the middle, nothing is written to the receiver's array later", () => {
  const into = new Uint8Array(20_000);
  const { ring, packets, read } = ends(() => into);
  const value = pattern(20_000);
  const piece = (from: number, to: number): void => {
    const at = ring.reserve(to - from);
    ring.bytes.set(value.subarray(from, to), at);
    ring.commit(at, to - from, record.more);
  };
  const at = ring.reserve(envelopeBytes + 8);
  writeEnvelope(ring, at, envelopeOf(1), 0, 1);
  ring.numbers[(at + envelopeBytes) >> 3] = value.length;
  ring.commit(at, envelopeBytes + 8, record.split);
  piece(0, 8192);
  read(); // comes back, though the writer does not go on
  expect(packets).toEqual([]);
  into.fill(7); // its owner has given up
  piece(8192, 16_384);
  piece(16_384, 20_000);
  read();
  expect(Buffer.compare(packets[0]!.attachments[0]!, value)).toBe(0);
  expect(into.every((byte) => byte === 7)).toBe(true);
});
