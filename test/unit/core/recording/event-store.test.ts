import { describe, expect, it } from "vitest";
import { EventStore } from "../../../../packages/core/src/recording/event-store.ts";
import {
  head,
  lastEvents,
  type RecordingMemory,
  recordingBytes,
  recordingMemory,
} from "../../../../packages/core/src/recording/layout.ts";

const room = 1024;

function memory(): RecordingMemory {
  return recordingMemory(new ArrayBuffer(recordingBytes(2, room)), 0, 2, room);
}

/** Records calls with the keys 0, 1, 2... that take `ms(key)`. */
function record(count: number, ms: (key: number) => number): RecordingMemory {
  const made = memory();
  const store = new EventStore(made);
  for (let key = 0; key < count; key++) store.record(0, key, ms(key), 1, 7, 8, 3, key);
  return made;
}

/** The keys in the table and in the ring. */
function keys({ header, events, last }: RecordingMemory): { table: number[]; ring: number[] } {
  const inRing = Math.min(lastEvents, header[head.recorded]!);
  return {
    table: Array.from(events.key.subarray(0, header[head.eventCount])),
    ring: Array.from(last.key.subarray(0, inRing)).sort((a, b) => a - b),
  };
}

describe("events one by one", () => {
  it("are all kept while there is room, each once", () => {
    const made = record(lastEvents + room, () => 1);
    const { table, ring } = keys(made);
    expect([...table, ...ring]).toEqual(Array.from({ length: lastEvents + room }, (_, key) => key));
    expect(made.header[head.keeps]).toBe(1);
  });

  it("are thinned to keys that all ranks keep, and the last of them stay", () => {
    const made = record(lastEvents + 10 * room, () => 0.01);
    const keeps = made.header[head.keeps]!;
    expect(keeps).toBeGreaterThan(1);
    const { table, ring } = keys(made);
    expect(table.length).toBeGreaterThan(room / 4);
    expect(table.length).toBeLessThanOrEqual(room);
    expect(table.filter((key) => key % keeps !== 0)).toEqual([]);
    expect(table).toEqual(Array.from({ length: table.length }, (_, i) => i * keeps));
    expect(ring).toEqual(Array.from({ length: lastEvents }, (_, i) => 10 * room + i));
  });

  it("keep the longest calls whatever their keys are", () => {
    const long = new Set([13, 1001, 4097, 9999]);
    const made = record(lastEvents + 10 * room, (key) => (long.has(key) ? 100 : 0.01));
    const { table } = keys(made);
    expect([...long].filter((key) => key >= room && !table.includes(key))).toEqual([]);
  });

  it("never write beyond the table, even when all keys are the same", () => {
    const made = memory();
    const store = new EventStore(made);
    for (let i = 0; i < lastEvents + 3 * room; i++) store.record(0, i, 1, 1, 7, 8, 3, 0);
    expect(made.header[head.eventCount]).toBe(room);
    expect(made.last.began[0]).toBeGreaterThan(0);
  });
});
