import assert from "node:assert/strict";
import { describe, test } from "vitest";
import { Random } from "../../../support/random.ts";
import { perTier } from "../../../support/tier.ts";
import { greedy, makespan, type Settings } from "./simulated-map.ts";

/** Random lists of each kind and test: together ten thousand in the full tier. */
const lists = perTier({ quick: 12, full: 228 });
/** What a map takes besides its tasks, in the simulation too: messages at its start, and a round trip for each task that is long. */
const startMs = 2;
const roundTripMs = 0.25;

const zeros = (count: number): number[] => repeat(Math.ceil(count), 0);
const repeat = (count: number, ms: number): number[] => Array.from({ length: count }, () => ms);

/** Lists of `count` tasks whose longest takes about 1. */
const kinds: Record<string, (count: number, random: () => number) => number[]> = {
  constant: (count) => repeat(count, 1),
  uniform: (count, random) => Array.from({ length: count }, random),
  exponential: (count, random) => Array.from({ length: count }, () => -Math.log(random()) / 3),
  bimodal: (count, random) => Array.from({ length: count }, () => (random() < 0.3 ? 1 : 0.02)),
  ascending: (count) => Array.from({ length: count }, (_, i) => i / count),
  descending: (count) => Array.from({ length: count }, (_, i) => 1 - i / count),
  "giant first": (count) => [1, ...repeat(count, 3 / count)],
  "giant last": (count) => [...repeat(count, 3 / count), 1],
  "zeros, then long": (count, random) => [...zeros(3 * count * random()), ...repeat(count, 1)],
  "long, then zeros": (count, random) => [...repeat(count, 1), ...zeros(3 * count * random())],
  "long every second of the first eight": (count) =>
    Array.from({ length: count }, (_, i) => (i < 8 && i % 2 === 0 ? 1 : 0.03)),
};

interface Worst {
  mean: number;
  /** By how many longest tasks a map took longer than the greedy schedule, at most. */
  longest: number;
  /** The list of that. */
  of: string;
}

/** Compares many random maps with the greedy list schedule. */
function compare(rootWorks: boolean, blocking: boolean, claims = rootWorks): Worst {
  const numbers = new Random(1);
  const random = (): number => numbers.fraction();
  const worst = { longest: 0, of: "" };
  const ratios: number[] = [];
  for (const [kind, lengths] of Object.entries(kinds)) {
    for (let i = 0; i < lists; i++) {
      const scale = 10 ** (1 + 1.5 * random());
      const list = lengths(2 + Math.floor(10 ** (2 * random())), random).map((ms) => ms * scale);
      const ranks = [2, 3, 5, 8][i % 4] as number;
      const settings: Settings = { ranks, rootWorks, blocking, claims, lazy: random() < 0.5 };
      // A pool knows times of earlier maps, which may mislead.
      if (!rootWorks && random() < 0.5) settings.before = random() < 0.5 ? zeros(200) : repeat(20, 100);
      const best =
        startMs +
        greedy(
          list.map((ms) => ms + roundTripMs),
          ranks - (rootWorks ? 0 : 1),
        );
      const took = makespan(list, settings);
      ratios.push(took / best);
      const longest = (took - best) / Math.max(...list);
      if (longest > worst.longest)
        Object.assign(worst, { longest, of: `${kind}: ${JSON.stringify({ settings, list })}` });
    }
  }
  return { ...worst, mean: ratios.reduce((a, b) => a + b) / ratios.length };
}

describe("a map over random lists against the greedy list schedule, in simulated time", () => {
  for (const rootWorks of [true, false]) {
    const what = rootWorks ? "map" : "pool";
    test(`${what}: tasks that await take at most one longest task more, and on average 5 %`, {
      timeout: 600_000,
    }, () => {
      const { mean, longest, of } = compare(rootWorks, false);
      assert.ok(longest <= 1, `${longest} longest tasks for ${of}`);
      assert.ok(mean <= 1.05, `${mean} on average`);
    });
  }

  test("pool: tasks that compute take at most one longest task more, and on average 5 %", { timeout: 600_000 }, () => {
    const { mean, longest, of } = compare(false, true);
    assert.ok(longest <= 1, `${longest} longest tasks for ${of}`);
    assert.ok(mean <= 1.05, `${mean} on average`);
  });

  test("map: tasks that compute are claimed, so that they take no longer than those that await", {
    timeout: 600_000,
  }, () => {
    const { mean, longest, of } = compare(true, true);
    assert.ok(longest <= 1, `${longest} longest tasks for ${of}`);
    assert.ok(mean <= 1.05, `${mean} on average`);
  });

  test("map on several hosts: while rank 0 computes it hands out nothing, which costs on average 10 %", {
    timeout: 600_000,
  }, () => {
    const { mean, longest, of } = compare(true, true, false);
    assert.ok(longest <= 5, `${longest} longest tasks for ${of}`);
    assert.ok(mean <= 1.1, `${mean} on average`);
  });
});

describe("what an idle rank takes over", () => {
  const cases: Record<string, [list: number[], settings: Settings, most: number]> = {
    "zeros, then long ones": [[...zeros(100), ...repeat(10, 200)], awaiting({ rootWorks: true }), 1.05],
    "the same of a generator": [[...zeros(100), ...repeat(10, 200)], awaiting({ rootWorks: true, lazy: true }), 1.05],
    "long ones after a map of zeros": [
      [...repeat(10, 200), ...zeros(100)],
      awaiting({ rootWorks: false, before: zeros(500) }),
      1.05,
    ],
    "long every second of the first eight": [
      Array.from({ length: 40 }, (_, i) => (i < 8 && i % 2 === 0 ? 300 : 10)),
      awaiting({ rootWorks: true }),
      1.05,
    ],
    "large chunks that the user asked for": [repeat(40, 50), awaiting({ rootWorks: false, chunkSize: 40 }), 1.05],
    "computing tasks of a pool": [
      [...zeros(100), ...repeat(10, 200)],
      { ranks: 5, rootWorks: false, blocking: true, lazy: true },
      1.05,
    ],
  };
  for (const [name, [list, settings, most]] of Object.entries(cases)) {
    test(name, () => {
      const ratio = makespan(list, settings) / greedy(list, settings.ranks - (settings.rootWorks ? 0 : 1));
      assert.ok(ratio <= most, `${ratio}`);
    });
  }
});

function awaiting(some: Omit<Settings, "ranks" | "blocking">): Settings {
  return { ranks: 5, blocking: false, ...some };
}
