import { afterAll, beforeAll, describe, test } from "vitest";
import { type Hosts, makeHosts, multihost } from "../support/multihost.ts";
import { PbsJob } from "../support/pbs-job.ts";
import { perTier } from "../support/tier.ts";
import { endure, hostsOf, type Place, thisMachine } from "./episode.ts";
import { describePlan, planFor } from "./plan.ts";

/**
 * Real jobs with faults at random moments: 1,000 in the full tier, a sample with fixed seeds in the quick one.
 * TSMPI_CHAOS=500 runs so many, TSMPI_CHAOS_SEED=77 one of them again. `docs/reliability.md` says what must hold.
 */
const count = process.env["TSMPI_CHAOS"] ?? perTier({ quick: undefined, full: "1000" });
const seed = process.env["TSMPI_CHAOS_SEED"];
const local = seedsOf(Number(count ?? 6), 1);
const far = seedsOf(count === undefined ? 3 : Math.ceil(Number(count) / 3), 5001);

/** Seeds above 5000 are jobs on several hosts. A long run begins elsewhere each time; its seeds are in the tests' names. */
function seedsOf(length: number, first: number): number[] {
  if (seed !== undefined) return [Number(seed)].filter((each) => each > 5000 === first > 5000);
  const offset = count === undefined ? 0 : Math.floor(Date.now() / 1000) % 4000;
  return Array.from({ length }, (_, i) => first + offset + i);
}

describe.runIf(local.length > 0)("on this machine, a job keeps every promise", () => {
  let place: ReturnType<typeof thisMachine>;
  beforeAll(() => {
    place = thisMachine();
  });
  afterAll(() => place.end());

  test.each(local.map((each) => planFor(each, false)))("$seed", async (plan) => {
    await explained(plan, place);
  });
});

describe.runIf(multihost.possible && far.length > 0)("on several hosts, a job keeps every promise", () => {
  const lines = ["a", "a", "b", "b", "c", "c"];
  let hosts: Hosts;
  let job: PbsJob;
  let place: Place;
  beforeAll(async () => {
    hosts = await makeHosts(["a", "b", "c"]);
    job = new PbsJob(hosts, lines, "openpbs");
    place = hostsOf(job, lines);
  });
  afterAll(() => {
    job?.end();
    hosts?.remove();
  });

  test.each(far.map((each) => planFor(each, true)))("$seed", async (plan) => {
    await explained(plan, place);
  });
});

async function explained(plan: ReturnType<typeof planFor>, place: Place): Promise<void> {
  try {
    await endure(plan, place);
  } catch (error) {
    throw new Error(`${describePlan(plan)}\nonce more: TSMPI_CHAOS_SEED=${plan.seed} npm test -- test/chaos`, {
      cause: error,
    });
  }
}
