import fc from "fast-check";
import { expect, test } from "vitest";
import { Ring } from "../../../../../packages/core/src/transports/shared-memory/ring.ts";

/** The two ends of a ring with this capacity. */
function ends(capacity: number): { writer: Ring; reader: Ring } {
  const memory = new Uint8Array(Ring.headerBytes + capacity);
  return { writer: new Ring(memory), reader: new Ring(memory) };
}

function write(ring: Ring, bytes: Uint8Array, kind: number): boolean {
  const at = ring.reserve(bytes.length);
  if (at < 0) return false;
  ring.bytes.set(bytes, at);
  ring.commit(at, bytes.length, kind);
  return true;
}

test("records are read in order, however writing and reading alternate", () => {
  const record = fc.record({ length: fc.integer({ min: 0, max: 250 }), kind: fc.integer({ min: 1, max: 5 }) });
  const step = fc.oneof(record, fc.constant("read" as const));
  fc.assert(
    fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
      const { writer, reader } = ends(1024);
      const expected: { kind: number; bytes: number[] }[] = [];
      const take = (): boolean =>
        reader.read((kind, position, length) => {
          expect({ kind, bytes: [...reader.bytes.subarray(position, position + length)] }).toEqual(expected.shift());
        });
      for (const [i, each] of steps.entries()) {
        if (each === "read") {
          const some = expected.length > 0;
          expect(take()).toBe(some);
          continue;
        }
        const bytes = new Uint8Array(each.length).fill(i);
        if (write(writer, bytes, each.kind)) expected.push({ kind: each.kind, bytes: [...bytes] });
      }
      while (expected.length > 0) expect(take()).toBe(true);
      expect(take()).toBe(false);
    }),
  );
});

test("a full ring refuses, and accepts again when there is room", () => {
  const { writer, reader } = ends(256);
  let written = 0;
  while (write(writer, new Uint8Array(40).fill(written), 1)) written++;
  expect(written).toBe(5);
  expect(write(writer, new Uint8Array(40), 1)).toBe(false);
  expect(reader.read(() => {})).toBe(true);
  expect(write(writer, new Uint8Array(32), 1)).toBe(true);
});

test("an unfinished record is not visible", () => {
  const { writer, reader } = ends(256);
  writer.bytes.set([1, 2, 3], writer.reserve(3));
  expect(reader.pending).toBe(false);
  expect(reader.read(() => {})).toBe(false);
});

test("counters may pass 2^32", () => {
  const memory = new Uint8Array(Ring.headerBytes + 256);
  new Int32Array(memory).fill(-64, 0, 1).fill(-64, 16, 17); // 64 bytes before the wrap
  const writer = new Ring(memory);
  const reader = new Ring(memory);
  for (let i = 0; i < 20; i++) {
    expect(write(writer, new Uint8Array(24).fill(i), 1)).toBe(true);
    let seen = -1;
    reader.read((_, position) => {
      seen = reader.bytes[position] as number;
    });
    expect(seen).toBe(i);
  }
});

test("room() never promises more than reserve() gives", () => {
  const { writer, reader } = ends(1024);
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 300 }), { maxLength: 30 }), (lengths) => {
      for (const length of lengths) {
        const room = writer.room(length);
        if (room > 0) expect(write(writer, new Uint8Array(room), 1)).toBe(true);
        else reader.read(() => {});
      }
    }),
  );
});

test("a writer that waits for room is found at the end, and after each quarter", () => {
  const { writer, reader } = ends(4096);
  while (write(writer, new Uint8Array(56), 1));
  writer.starved = true;
  let read = 0;
  expect(reader.pending).toBe(true);
  while (!reader.takeStarved()) {
    expect(reader.read(() => {})).toBe(true);
    read++;
  }
  expect(read * 64).toBe(1024);
  expect(reader.takeStarved()).toBe(false);
  expect(write(writer, new Uint8Array(1000), 1)).toBe(true); // it has been told of what was read
  writer.starved = true;
  while (reader.read(() => {}));
  expect(reader.takeStarved()).toBe(true);
});
