import assert from "node:assert/strict";
import { test } from "vitest";
import type { Item } from "../../../../packages/core/src/tasks/item.ts";
import { ItemQueue } from "../../../../packages/core/src/tasks/item-queue.ts";

const items = (...places: number[]): Item[] =>
  places.map((at) => ({ index: at, at, input: at, digest: undefined, attempts: 0, losses: 0 }));
const placesOf = (some: readonly Item[]): number[] => some.map(({ at }) => at);

test("what comes back is taken again in its place: before the others, between them or after them", () => {
  const queue = new ItemQueue();
  queue.push(items(0, 1, 2, 3, 4, 5));
  const first = queue.take(4);
  assert.deepEqual(placesOf(first), [0, 1, 2, 3]);
  queue.putBack(first.slice(3));
  queue.putBack(first.slice(1, 2));
  assert.deepEqual(placesOf(queue.take(3)), [1, 3, 4]);
  queue.putBack(items(7));
  queue.putBack(items(2, 6));
  assert.equal(queue.length, 4);
  assert.deepEqual(placesOf(queue.take(9)), [2, 5, 6, 7]);
  assert.equal(queue.length, 0);
  queue.putBack(items(8));
  assert.deepEqual(placesOf(queue.take(1)), [8]);
});

test("nothing is taken where nothing is asked for", () => {
  const queue = new ItemQueue();
  queue.push(items(0, 1));
  assert.deepEqual(queue.take(0), []);
  queue.putBack([]);
  assert.equal(queue.length, 2);
});
