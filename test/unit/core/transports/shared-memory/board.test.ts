import fc from "fast-check";
import { expect, test } from "vitest";
import { System } from "../../../../../packages/core/src/transports/libc.ts";
import { SharedBoard } from "../../../../../packages/core/src/transports/shared-memory/board.ts";
import { post } from "../../../../../packages/core/src/wire/board.ts";
import { decode, encodeAt } from "../../../../../packages/core/src/wire/codec/codec.ts";
import type { Packet } from "../../../../../packages/core/src/wire/packet.ts";

const system = System.load();

/** The board as each of `size` ranks has it. */
function ranks(size: number, woken: () => void = () => {}, from = 0): SharedBoard[] {
  const memory = new Uint8Array(SharedBoard.bytes(size));
  for (let rank = 0; rank < size; rank++) new Int32Array(memory.buffer, 64 * (1 + rank))[0] = from; // through with all below
  return Array.from({ length: size }, (_, rank) => new SharedBoard(system, memory, rank, size, [{ wake: woken }]));
}

const packetOf = (head: Uint8Array): Packet => ({ head, attachments: [] });
const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString();

test("posts are read part by part, and not before they are posted", () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 60 }), { maxLength: 8 }), fc.nat(200), (parts, collective) => {
      const [writer, reader] = ranks(2) as [SharedBoard, SharedBoard];
      for (let before = 0; before < collective; before++) for (const board of [writer, reader]) board.done(before);
      const number = 2 * collective;
      expect(reader.has(0, number)).toBe(false);
      expect(writer.hasRoom(number)).toBe(true);
      const packets = parts.map(packetOf);
      expect(writer.fits(packets, number)).toBe(true);
      writer.post(number, 0xfeedbe0f, post.parts, packets);
      expect(reader.has(0, number)).toBe(true);
      expect(reader.has(1, number)).toBe(false);
      expect(reader.signatureOf(0, number)).toBe(0xfeedbe0f);
      expect(reader.kindOf(0, number)).toBe(post.parts);
      parts.forEach((part, index) => {
        expect(Buffer.from(reader.part(0, number, index).head)).toEqual(Buffer.from(part));
      });
    }),
  );
});

test("values are encoded directly into the post, if all of them fit", () => {
  const value = fc.oneof(
    fc.double({ noNaN: true }),
    fc.string({ maxLength: 70 }),
    fc.array(fc.integer(), { maxLength: 20 }),
    fc.record({ id: fc.nat(), name: fc.string({ maxLength: 40, unit: "binary-ascii" }) }),
    fc.constantFrom(null, undefined, true, Uint8Array.of(1), new Map()),
  );
  let posted = 0;
  fc.assert(
    fc.property(fc.array(value, { minLength: 2, maxLength: 9 }), fc.nat(8), (values, own) => {
      const rank = own % values.length;
      const boards = ranks(values.length);
      const writer = boards[rank] as SharedBoard;
      const next = rank === values.length - 1 ? undefined : boards[rank + 1]; // its place lies behind the writer's
      next?.post(0, 1, post.parts, [packetOf(Buffer.from("mine"))]);
      const done = writer.postValues(0, 0x1234_5600, post.parts, values, encodeAt);
      if (next !== undefined) {
        expect(next.kindOf(rank + 1, 0)).toBe(post.parts);
        expect(text(next.part(rank + 1, 0, 0).head)).toBe("mine");
      }
      for (const reader of boards) {
        expect(reader.has(rank, 0)).toBe(done);
        if (!done) continue;
        expect([reader.kindOf(rank, 0), reader.signatureOf(rank, 0)]).toEqual([post.parts, 0x1234_5600]);
        values.forEach((value, r) => {
          const part = reader.part(rank, 0, r);
          if (r === rank) expect(part.head).toHaveLength(0);
          else expect(decode(part)).toEqual(value);
        });
      }
      if (done) posted++;
    }),
    { numRuns: 500 },
  );
  expect(posted).toBeGreaterThan(20);
});

test("nothing is written behind the place of a post, however many values there are", () => {
  const value = { id: 7 };
  for (const size of [20, 40, 60, 80, 100, 150, 200, 253, 254, 255, 300, 600]) {
    const [writer, next] = ranks(size) as [SharedBoard, SharedBoard];
    next.post(0, 1, post.parts, [packetOf(Buffer.from("mine"))]);
    for (const one of [value, 1, "text"]) {
      writer.postValues(0, 1, post.parts, new Array<unknown>(size).fill(one), encodeAt);
      expect(next.kindOf(1, 0), `${size}`).toBe(post.parts);
      expect(text(next.part(1, 0, 0).head), `${size}`).toBe("mine");
    }
  }
});

test("a post without a value is recognised whatever its place held before", () => {
  const [writer, reader] = ranks(2) as [SharedBoard, SharedBoard];
  const kinds = [post.parts, post.here, post.lent, post.here, post.here, post.apart];
  for (let collective = 0; collective < 1000; collective++) {
    const kind = kinds[collective % kinds.length] as number;
    const signature = (collective * 0x1234_5679) & ~0xc0;
    writer.post(2 * collective, signature, kind, kind === post.here ? [] : [packetOf(Uint8Array.of(1))]);
    expect(reader.kindOf(0, 2 * collective)).toBe(kind);
    expect(reader.signatureOf(0, 2 * collective)).toBe(signature >>> 0);
    for (const board of [writer, reader]) board.done(collective);
  }
});

test("places are free again when all ranks are through, in any order of collectives", () => {
  const [first, second] = ranks(2) as [SharedBoard, SharedBoard];
  let number = 0;
  for (; first.hasRoom(number); number += 2) first.post(number, 1, post.here, []);
  const ahead = number / 2;
  for (let collective = 0; collective < ahead; collective++) first.done(collective);
  expect(first.hasRoom(number)).toBe(false);
  expect(first.slowest).toBe(1);
  for (let collective = ahead - 1; collective > 0; collective--) second.done(collective);
  expect(first.hasRoom(number)).toBe(false);
  second.done(0);
  expect(first.hasRoom(number)).toBe(true);
  expect(first.hasRoom(number + 2 * ahead - 2)).toBe(true);
  second.done(0); // again: nothing happens
  expect(first.hasRoom(number + 2 * ahead)).toBe(false);
});

test("a rank that finds the board full waits until half of the places are free", () => {
  const [first, second] = ranks(2) as [SharedBoard, SharedBoard];
  let number = 0;
  for (; first.hasRoom(number); number += 2) first.post(number, 1, post.here, []);
  const ahead = number / 2;
  for (let collective = 0; collective < ahead; collective++) first.done(collective);
  for (let collective = 0; collective < ahead / 2; collective++) second.done(collective);
  expect(first.hasRoom(number)).toBe(false);
  second.done(ahead / 2);
  for (let more = 0; more <= ahead / 2; more++) expect(first.hasRoom(number + 2 * more)).toBe(true);
  expect(first.hasRoom(number + 2 * (ahead / 2 + 1))).toBe(false);
});

test("a rank that sleeps because the board is full is woken when there is room", () => {
  let woken = 0;
  const [first, second] = ranks(2, () => {
    woken++;
  }) as [SharedBoard, SharedBoard];
  let number = 0;
  for (; first.hasRoom(number); number += 2) first.post(number, 1, post.here, []);
  second.done(0);
  expect(woken).toBe(0);
  first.sleep();
  expect(first.hasRoom(number)).toBe(false);
  second.done(1);
  expect(woken).toBe(1);
  second.done(2);
  expect(woken).toBe(1); // it looks, and says so again before it sleeps again
});

test("a rank that sleeps is woken by a post, or when its lent value was read; only sleeping ranks are woken", () => {
  let woken = 0;
  const [first, second] = ranks(2, () => {
    woken++;
  }) as [SharedBoard, SharedBoard];
  first.post(0, 1, post.here, []);
  expect(woken).toBe(0);
  first.sleep();
  second.post(0, 1, post.here, []);
  expect(woken).toBe(1);
  first.sleep();
  expect(first.isThrough(1, 0)).toBe(false);
  second.done(0);
  expect(woken).toBe(2);
  expect(first.isThrough(1, 0)).toBe(true);
});

test("numbers may pass 2^31 and 2^32", () => {
  for (const from of [2 ** 30 - 10, 2 ** 31 - 10, 2 ** 32 - 10]) {
    const boards = ranks(2, undefined, from);
    for (let collective = from; collective < from + 100; collective++) {
      for (const board of boards) {
        expect(board.hasRoom(2 * collective)).toBe(true);
        board.post(2 * collective, 7, post.parts, [packetOf(Buffer.from(String(collective)))]);
      }
      for (const [rank, board] of boards.entries()) {
        expect(board.has(1 - rank, 2 * collective)).toBe(true);
        expect(board.has(1 - rank, 2 * collective + 1)).toBe(false);
        expect(text(board.part(1 - rank, 2 * collective, 0).head)).toBe(String(collective));
        board.done(collective);
        expect(board.isThrough(rank, collective)).toBe(true);
        expect(board.isThrough(rank, collective + 1)).toBe(false);
      }
    }
  }
});

test("a lent packet is read from its rank's memory into the receiver's array", () => {
  const [writer, reader] = ranks(2) as [SharedBoard, SharedBoard];
  expect(writer.lends).toBe(false);
  for (const board of [writer, reader, writer]) board.post(0, 1, post.here, []);
  expect(writer.lends).toBe(true);
  const large = new Uint8Array(100_000).map((_, i) => i);
  const packets = [
    { head: Buffer.from([1]), attachments: [large] },
    { head: Buffer.alloc(500, 2), attachments: [] },
    { head: Buffer.alloc(40, 3), attachments: [Buffer.from("short"), large.subarray(7, 5000)] },
  ];
  const parts = packets.map((packet) => writer.describe(packet));
  expect(writer.fits(parts, 0)).toBe(true);
  writer.post(2, 1, post.lent, parts);
  const into = new Uint8Array(100_000);
  const landed = reader.fetch(0, 2, 0, (head, bytes) => (head[0] === 1 && bytes === 100_000 ? into : undefined));
  expect(landed.attachments[0]).toBe(into);
  expect(into).toEqual(large);
  for (const [index, { head, attachments }] of packets.entries()) {
    const fetched = reader.fetch(0, 2, index, () => undefined);
    expect(Buffer.from(fetched.head)).toEqual(head);
    expect(fetched.attachments.map((each) => Buffer.from(each))).toEqual(attachments.map((each) => Buffer.from(each)));
  }
});
