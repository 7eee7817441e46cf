import assert from "node:assert/strict";
import { type Communicator, MpiError, min, sum } from "tsmpi";
import { local } from "tsmpi/testing";
import { describe, expect, test } from "vitest";
import { Random } from "../../../support/random.ts";
import { perTier } from "../../../support/tier.ts";

/** How many worlds, of 2 to 8 ranks. */
const worlds = perTier({ quick: 700, full: 14_000 });
/** So many at a time: each waits for news of its deaths. */
const atOnce = 25;

/** Messages of a rank after which no death would meet it at work. */
const lastMessage = 45;

interface Plan {
  seed: number;
  size: number;
  deaths: { rank: number; message: number }[];
}

function planFor(seed: number): Plan {
  const random = new Random(seed);
  const size = 2 + (seed % 7);
  const ranks = Array.from({ length: size }, (_, rank) => rank).sort(() => random.fraction() - 0.5);
  const victims = ranks.slice(0, random.between(1, size - 1)); // one rank is left at least
  return { seed, size, deaths: victims.map((rank) => ({ rank, message: random.between(1, lastMessage) })) };
}

/** The work is repeated by the ranks that are left, until all of them have done it. Gives every decision that the rank took part in. */
async function survive(world: Communicator, plan: Plan): Promise<unknown[]> {
  const decisions: unknown[] = [];
  let ranks = world;
  let step = 0;
  for (;;) {
    let done = true;
    try {
      for (; step < 4; step++) {
        assert.equal(await ranks.allreduce(1, sum), ranks.size);
        await ranks.bcast(step, { root: step % ranks.size });
        if ((plan.seed + step) % 3 === 0) await ranks.barrier();
      }
    } catch (error) {
      if (!isLoss(error)) throw error;
      done = false;
      await ranks.revoke(); // others may wait for this rank, which is alive
    }
    const all = await ranks.agree(done);
    decisions.push(all);
    if (all) return decisions;
    ranks = await ranks.shrink();
    step = await ranks.agree(step, min);
    decisions.push(ranks.group.members, step);
  }
}

function isLoss(error: unknown): boolean {
  return error instanceof MpiError && (error.code === "rank-failed" || error.code === "revoked");
}

async function check(seed: number): Promise<{ deaths: number; decisions: number }> {
  const plan = planFor(seed);
  const { size, deaths } = plan;
  const options = { seed, failAt: deaths, keepGoing: true };
  const results = await local(size, (world) => survive(world, plan), options);
  const survivors = results.filter((result) => result !== undefined);
  assert.ok(survivors.length >= size - deaths.length, `seed ${seed}`);
  for (const result of survivors) assert.deepEqual(result, survivors[0], `seed ${seed}`);
  return { deaths: size - survivors.length, decisions: survivors[0]?.length ?? 0 };
}

describe("ranks that are left", () => {
  test("decide alike, whoever dies at whichever message, and nothing hangs", { timeout: 600_000 }, async () => {
    const seeds = Array.from({ length: worlds }, (_, seed) => seed);
    let deaths = 0;
    let decisions = 0;
    const work = async (): Promise<void> => {
      for (let seed = seeds.pop(); seed !== undefined; seed = seeds.pop()) {
        const found = await check(seed);
        deaths += found.deaths;
        decisions += found.decisions;
      }
    };
    await Promise.all(Array.from({ length: atOnce }, work));
    expect(deaths).toBeGreaterThan(worlds); // otherwise the plans kill nobody
    expect(decisions).toBeGreaterThan(2 * worlds);
  });
});
