import assert from "node:assert/strict";
import { test } from "vitest";
import { Backlog } from "../../../../packages/core/src/tasks/backlog.ts";
import { sourceOf } from "../../../../packages/core/src/tasks/input-source.ts";
import type { Item } from "../../../../packages/core/src/tasks/item.ts";

function backlogOf(inputs: Iterable<unknown>, room = Number.POSITIVE_INFINITY): Backlog {
  return new Backlog(
    sourceOf(inputs, () => {}),
    undefined,
    { known: () => {}, failed: () => {}, room: (pulled) => Math.max(0, room - pulled) },
  );
}

function suspects(count: number, losses: number): Item[] {
  return Array.from({ length: count }, (_, index) => ({
    ...{ index, at: index, input: index, digest: undefined },
    ...{ attempts: losses, losses },
  }));
}

function sizes(backlog: Backlog): number[] {
  const all: number[] = [];
  for (let some = backlog.takeSuspect(); some !== undefined; some = backlog.takeSuspect()) all.push(some.length);
  return all;
}

test("a block of suspects goes out in few groups, and one by one after a second loss", () => {
  const backlog = backlogOf([]);
  for (const item of suspects(40_000, 1)) backlog.tryAgain(item);
  const groups = sizes(backlog);
  assert.equal(
    groups.reduce((a, b) => a + b),
    40_000,
  );
  assert.ok(groups.length < 100, `${groups.length} groups`);
  for (const item of [...suspects(3, 2), ...suspects(2, 1)]) backlog.tryAgain(item);
  assert.deepEqual(sizes(backlog), [1, 1, 1, 1, 1]);
  assert.ok(backlog.isEmpty);
});

test("inputs that were given back come first, in their order, also before those that were only looked at", () => {
  const backlog = backlogOf(new Set([0, 1, 2, 3, 4, 5]).values());
  assert.equal(backlog.remaining, undefined);
  const taken = backlog.take(3, false);
  while (backlog.remaining === undefined) backlog.peek(10); // one look ends when its time is up
  assert.equal(backlog.remaining, 3);
  backlog.putBack(taken.slice(2));
  backlog.putBack(taken.slice(1, 2));
  assert.deepEqual(
    backlog.take(4, false).map((item) => item.input),
    [1, 2, 3, 4],
  );
});

test("looking ahead stays within the room for inputs", () => {
  let made = 0;
  const endless = {
    *[Symbol.iterator](): Generator<number> {
      for (;;) yield made++;
    },
  };
  backlogOf(endless, 4).peek(10);
  assert.equal(made, 4);
});
