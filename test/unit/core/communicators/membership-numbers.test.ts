import { expect, test } from "vitest";
import { firstNumberOf, offer } from "../../../../packages/core/src/communicators/membership.ts";

/** The part of a rank's world that offers look at. `first`: number in the job of rank 0 of a world that was spawned. */
const rankOf = (rank: number, size: number, first?: number): Parameters<typeof offer>[0] => ({
  nextContext: 1,
  who: { rank, size, host: "a" },
  context: first === undefined ? 0 : firstNumberOf(first),
});

test("no two ranks of a job offer the same number for a communicator, also those that were spawned", () => {
  const first = [0, 1, 2].map((rank) => rankOf(rank, 3));
  const spawned = [3, 4].map((rank) => rankOf(rank, 5, 3));
  const later = [5].map((rank) => rankOf(rank, 6, 5));
  const all = [...first, ...spawned, ...later];
  const offers = Array.from({ length: 10_000 }, () => all.map((world) => offer(world))).flat();
  const worlds = [0, ...[spawned, later].map(([world]) => world!.context)];
  expect(new Set([...offers, ...worlds]).size).toBe(offers.length + worlds.length);
  expect(offers.every((each) => each > 0 && each < 2 ** 32)).toBe(true);
});

test("a rank that has offered all of its numbers says so", () => {
  for (const [world, last] of [
    [rankOf(1, 4), 2 ** 29],
    [rankOf(7, 8, 7), 2 ** 14],
  ] as const) {
    world.nextContext = last;
    expect(() => offer(world)).toThrow("no number left for another communicator");
    world.nextContext = last - 1;
    expect(offer(world)).toBeGreaterThan(0);
  }
});
