import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { System } from "../../../../../packages/core/src/transports/libc.ts";
import { Arena } from "../../../../../packages/core/src/transports/shared-memory/arena.ts";

const system = System.load();
let directory = "";
beforeAll(() => {
  directory = mkdtempSync("/dev/shm/tsmpi-arena-");
});
afterAll(() => rmSync(directory, { recursive: true }));

const words = ({ buffer, byteOffset }: Uint8Array<ArrayBuffer>): Int32Array => new Int32Array(buffer, byteOffset, 16);
/** A file that two ranks have mapped. */
function both(one: Arena, other: Arena, name: string, bytes = 8192): [Int32Array, Int32Array] {
  return [words(one.map(join(directory, name), bytes)), words(other.map(join(directory, name), bytes))];
}

test("what one rank writes to a file the other one finds in its memory, and sees that it changes", () => {
  const [mine, theirs] = [new Arena(system, 1 << 20), new Arena(system, 1 << 20)];
  const [written, read] = both(mine, theirs, "a");
  const [, second] = both(mine, theirs, "b");
  theirs.add(second, 3, 0);
  theirs.add(read, 1, 0);
  expect(theirs.look(100)).toBe(false);
  written[1] = 7;
  expect(read[1]).toBe(7);
  expect(theirs.look(1)).toBe(true);
  theirs.clear();
  theirs.add(read, 1, 7);
  expect(theirs.look(100)).toBe(false);
});

test("a place is used again when its file is unmapped, and keeps nothing of it", () => {
  const arena = new Arena(system, 16_384);
  const first = arena.map(join(directory, "c"), 10_000);
  first.fill(1);
  const { buffer, byteOffset } = first;
  arena.unmap(first);
  expect(first.every((byte) => byte === 0)).toBe(true);
  const second = arena.map(join(directory, "d"), 10_000);
  expect([second.buffer, second.byteOffset]).toEqual([buffer, byteOffset]);
  expect(second[0]).toBe(0);
});

test("without room a file is mapped elsewhere, and JavaScript polls it", () => {
  const arena = new Arena(system, 1 << 20);
  const none = new Arena(system, 2 ** 50); // as where there is no WebAssembly
  const [written, read] = both(arena, none, "e");
  written[0] = 5;
  expect(read[0]).toBe(5);
  none.add(read, 0, 5);
  expect(none.look(1)).toBe(true);
  arena.add(words(arena.map(join(directory, "f"), 4 << 20)), 0, 0);
  expect(arena.look(1)).toBe(true);
});

test("a file that cannot be mapped takes no place", () => {
  const arena = new Arena(system, 4096);
  expect(() => arena.map(join(directory, "nowhere/x"), 4096)).toThrow(/ENOENT/);
  const kept = arena.map(join(directory, "g"), 4096);
  arena.add(words(kept), 0, 0);
  expect(arena.look(1)).toBe(false);
  expect(existsSync(join(directory, "g"))).toBe(true);
});
