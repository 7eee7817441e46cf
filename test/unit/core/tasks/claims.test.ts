import assert from "node:assert/strict";
import { test } from "vitest";
import { Claims, claimWords, mostOffered, openOffers } from "../../../../packages/core/src/tasks/claims.ts";
import type { MapRun } from "../../../../packages/core/src/tasks/map-run.ts";
import { type Offer, Offers } from "../../../../packages/core/src/tasks/offers.ts";

const memory = (): Int32Array => new Int32Array(claimWords);

test("each task is claimed once, in order, whoever asks", () => {
  const words = memory();
  const [first, second] = [new Claims(words, 1, 5), new Claims(words, 1, 5)];
  assert.equal(first.left, 5);
  assert.deepEqual([first.claim(0), second.claim(7), second.claim(7), first.claim(0)], [0, 1, 2, 3]);
  assert.equal(second.left, 1);
  assert.deepEqual([second.claim(7), first.claim(0), second.claim(7)], [4, undefined, undefined]);
  assert.deepEqual(
    Array.from({ length: 5 }, (_, task) => first.ownerOf(task)),
    [0, 7, 7, 0, 7],
  );
  assert.equal(first.left, 0);
});

test("a later offer in the same place begins free, and a rank that comes late to an earlier one gets nothing", () => {
  const words = memory();
  const [early, late] = [new Claims(words, 1, 3), new Claims(words, 1, 3)];
  for (let task = 0; task < 3; task++) early.claim(1);
  const next = new Claims(words, 1 + openOffers, mostOffered);
  assert.equal(next.ownerOf(0), undefined);
  assert.equal(next.claim(254), 0);
  assert.equal(late.claim(2), undefined);
  assert.equal(next.claim(0), 1);
  assert.equal(next.ownerOf(0), 254);
});

test("offers that are open at once do not touch each other", () => {
  const words = memory();
  const offers = Array.from({ length: openOffers }, (_, i) => new Claims(words, 4 + i, mostOffered));
  for (const [rank, offer] of offers.entries()) while (offer.claim(rank) !== undefined);
  for (const [rank, offer] of offers.entries()) {
    for (let task = 0; task < mostOffered; task++) assert.equal(offer.ownerOf(task), rank);
  }
});

test("the task at work of a rank is the last that it has claimed and not answered", () => {
  const offers = new Offers({ words: memory(), next: 1 }, 0);
  const items = [5, 6, 7, 8].map((index, at) => ({ index, at, input: 0, digest: undefined, attempts: 0, losses: 0 }));
  const { claims } = offers.open({ run: { task: "render" } as MapRun, items }) as Offer & { claims: Claims };
  assert.equal(offers.atWork(2), undefined);
  for (const rank of [2, 1, 2]) claims.claim(rank);
  assert.deepEqual(offers.atWork(2), { task: "render", index: 7 });
  assert.deepEqual(offers.atWork(1), { task: "render", index: 6 });
  offers.answered(1, [0, 2]);
  assert.equal(offers.atWork(2), undefined);
});
