import { mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Hosts, makeHosts, multihost } from "../support/multihost.ts";
import { PbsJob } from "../support/pbs-job.ts";
import { Random } from "../support/random.ts";
import { until } from "../support/run-tsmpi.ts";
import { perTier } from "../support/tier.ts";
import { harm, hostsOf, type Place, thisMachine, within } from "./episode.ts";
import { describeFault, type Fault } from "./plan.ts";

/**
 * Real jobs that lose ranks, agents and hosts at random moments, and recover in one of these ways. Each must end with exit code 0 and
 * with what one process computes. 1,000 in the full tier, a sample with fixed seeds in the quick one; TSMPI_CHAOS and
 * TSMPI_CHAOS_SEED as in `chaos.test.ts`.
 */
const ways = {
  /** Ranks that are left go on from copies in memory. */
  copies: ["--keep-going"],
  /** The same, from checkpoints. */
  checkpoints: ["--keep-going"],
  /** All begin again, from checkpoints. */
  restarts: ["--restarts", "9"],
  /** Ranks that are left start others in place of those that died. */
  spawn: ["--keep-going"],
} as const;
type Way = keyof typeof ways;

interface RecoveryPlan {
  seed: number;
  way: Way;
  ranks: number;
  faults: Fault[];
}

/** Starts follow each other with pauses of 1, 2, 4 s. */
const hangMs = 90_000;

const count = process.env["TSMPI_CHAOS"] ?? perTier({ quick: undefined, full: "1000" });
const onlySeed = process.env["TSMPI_CHAOS_SEED"];
const local = seedsOf(Number(count ?? 4), 10_001);
const far = seedsOf(count === undefined ? 2 : Math.ceil(Number(count) / 4), 15_001);

function seedsOf(length: number, first: number): number[] {
  if (onlySeed !== undefined) {
    const seed = Number(onlySeed);
    return seed > 10_000 && seed > 15_000 === first > 15_000 ? [seed] : [];
  }
  const offset = count === undefined ? 0 : Math.floor(Date.now() / 1000) % 4000;
  return Array.from({ length }, (_, i) => first + offset + i);
}

function planFor(seed: number, onHosts: boolean): RecoveryPlan {
  const random = new Random(seed);
  const way = (Object.keys(ways) as Way[])[seed % 4] as Way;
  const ranks = onHosts ? 6 : random.between(2, 6);
  const atMs = (): number => random.between(0, 700);
  const all = Array.from({ length: ranks }, (_, rank) => rank).sort(() => random.fraction() - 0.5);
  // One rank is left at least; on hosts one of the launcher's own.
  const mortal = onHosts ? all.filter((rank) => rank > 1).slice(0, 3) : all.slice(0, random.between(1, ranks - 1));
  const kills = mortal.map((rank): Fault => ({ kind: "signal", rank, signal: "SIGKILL", atMs: atMs() }));
  const pauses = all
    .filter(() => random.fraction() < 0.2)
    .map((who): Fault => ({ kind: "pause", who, forMs: random.between(20, 900), atMs: atMs() }));
  const far: (() => Fault)[] = [
    () => ({ kind: "agent", host: random.pick(["b", "c"]), atMs: atMs() }),
    () => ({ kind: "cut", host: random.pick(["b", "c"]), forMs: undefined, atMs: atMs() }),
  ];
  const hits = onHosts && random.fraction() < 0.8 ? [random.pick(far)()] : kills;
  return { seed, way, ranks, faults: [...hits, ...pauses] };
}

async function recover({ seed, way, ranks, faults }: RecoveryPlan, place: Place, directory: string): Promise<void> {
  const script = fileURLToPath(new URL("recover.mjs", import.meta.url));
  const library = new URL("../../packages/launcher/dist/index.js", import.meta.url).href;
  const store = join(directory, `state-${seed}`);
  const options = [...(place.hasSlots ? [] : ["-n", `${ranks}`]), ...ways[way]];
  const running = place.start(["run", ...options, "--kill-after", "1", script, library, way, store]);
  const harmed = harm(faults, running, place, ranks);
  try {
    const { code, stdout, stderr } = await within(running.result, faults, hangMs);
    const all = `stdout:\n${stdout}\nstderr:\n${stderr}`;
    expect(stdout, all).not.toContain("WRONG");
    expect(stdout, all).toMatch(new RegExp(`^result ${way} 0 of \\d$`, "m"));
    expect(code, all).toBe(0);
  } finally {
    harmed.end();
    rmSync(store, { recursive: true, force: true });
  }
  await until(() => place.left().length === 0, "nothing is left", 40_000);
}

async function explained(plan: RecoveryPlan, place: Place, directory: string): Promise<void> {
  try {
    await recover(plan, place, directory);
  } catch (cause) {
    const what = plan.faults.map((fault) => `${describeFault(fault)} at ${fault.atMs} ms`).join("; ");
    const text = `seed ${plan.seed}: ${plan.ranks} ranks, ${plan.way}; ${what}`;
    throw new Error(`${text}\nonce more: TSMPI_CHAOS_SEED=${plan.seed} npm test -- test/chaos/recovery`, { cause });
  }
}

describe.runIf(local.length > 0)("on this machine, a job recovers", () => {
  const directory = mkdtempSync("/dev/shm/tsmpi-recovery-");
  let place: ReturnType<typeof thisMachine>;
  beforeAll(() => {
    place = thisMachine();
  });
  afterAll(() => {
    place.end();
    rmSync(directory, { recursive: true, force: true });
  });

  test.each(local.map((each) => planFor(each, false)))("$way: $seed", async (plan) => {
    await explained(plan, place, directory);
  });
});

describe.runIf(multihost.possible && far.length > 0)("on several hosts, a job recovers", () => {
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

  test.each(far.map((each) => planFor(each, true)))("$way: $seed", async (plan) => {
    await explained(plan, place, hosts.directory);
  });
});
