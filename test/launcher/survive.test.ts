import { describe, expect, test } from "vitest";
import { runScript } from "../support/run-tsmpi.ts";
import { perTier } from "../support/tier.ts";

/** How many jobs lose ranks at random moments. */
const jobs = perTier({ quick: 4, full: 200 });

/**
 * Work of all kinds, repeated by the ranks that are left until all have done it, while ranks are killed at random moments, also while
 * the others decide. What each call gives is checked.
 */
const survivor = `
import assert from "node:assert/strict";
import { init, land, MpiError, sum } from "tsmpi";

let world = await init();
const all = world.size;
const me = world.rank;
let seed = Number(process.env.SEED);
const random = () => (seed = (seed * 16807) % 2147483647) / 2147483647;
const victims = Array.from({ length: all }, (_, rank) => rank).sort(() => random() - 0.5).slice(0, 1 + Math.floor(random() * (all - 1)));
const atMs = victims.map(() => random() * 600);
const mine = victims.indexOf(me);
const death = mine < 0 ? undefined : setTimeout(() => process.kill(process.pid, "SIGKILL"), atMs[mine]);

const until = performance.now() + 700;
const work = async () => {
  const { rank, size } = world;
  assert.equal(await world.allreduce(1, sum), size);
  const large = await world.allgather(new Float64Array(3000).fill(rank));
  large.forEach((part, from) => assert.equal(part[2999], from));
  assert.equal(await world.bcast(rank === size - 1 ? "word" : undefined, { root: size - 1 }), "word");
  const dest = (rank + 1) % size;
  const source = (rank + size - 1) % size;
  const got = await world.sendrecv(new Float64Array(40_000).fill(rank), { dest, source });
  assert.equal(got[39_999], source);
  const half = await world.split(rank % 2);
  assert.equal(await half.allreduce(1, sum), rank % 2 === 0 ? Math.ceil(size / 2) : Math.floor(size / 2));
  await half.close();
};
const decisions = [];
let rounds = 0;
for (let done = false; !done; ) {
  let ok = true;
  try {
    do { await work(); rounds++; } while (await world.allreduce(performance.now() < until, land));
  } catch (error) {
    if (!(error instanceof MpiError && (error.code === "rank-failed" || error.code === "revoked"))) throw error;
    ok = false;
    await world.revoke();
  }
  done = await world.agree(ok);
  if (!done) world = await world.shrink();
  decisions.push(done, ...world.group.members);
}
clearTimeout(death);
assert.ok(rounds > 0);
console.log("left", world.size, decisions.join());
`;

describe("a program that shrinks its world, under --keep-going", () => {
  for (let job = 1; job <= jobs; job++) {
    test(`goes on whoever is killed at whichever moment, in random order ${job}`, async () => {
      const ranks = 2 + (job % 6);
      const options = ["--keep-going", "--timeout", "60", "--env", `SEED=${job * 7919}`];
      const { code, stdout, stderr } = await runScript(survivor, ["-n", `${ranks}`, ...options]);
      const killed = stderr.match(/^tsmpi: rank \d of \d on .* was killed by SIGKILL; going on without it$/gm) ?? [];
      expect(stderr.trimEnd().split("\n")).toEqual(killed);
      const [first, ...others] = stdout.trimEnd().split("\n");
      // A rank may die after it has voted for the end.
      const left = Number(/^left (\d+) /.exec(first ?? "")?.[1]);
      expect(left).toBeGreaterThanOrEqual(ranks - killed.length);
      expect(left).toBeLessThanOrEqual(ranks);
      expect(others).toEqual(Array(ranks - killed.length - 1).fill(first));
      expect(code).toBe(0);
    });
  }
});

/** Rank V ends in the way of `how`, in the middle of collectives; the others do `then` when a call of theirs has failed. */
const loses = (how: string, then: string): string => `
import { init, sum, max } from "tsmpi";
let world = await init();
const victim = Number(process.env.V);
try {
  for (let i = 0; i < 100; i++) {
    if (i === 50 && world.rank === victim) { ${how} }
    await world.allreduce(i, sum);
  }
} catch (error) {
  if (world.rank === victim) throw error;
  ${then}
}
`;

const shrinks =
  "world = await world.shrink(); console.log(error.code, error.rank, world.size, world.failed.length, await world.agree(world.rank, max));";

describe("--keep-going", () => {
  const ways = {
    "is killed": 'process.kill(process.pid, "SIGKILL"); await new Promise(() => {});',
    "exits with a code": "process.exit(3);",
    throws: 'throw new Error("my bug");',
  };
  for (const [way, how] of Object.entries(ways)) {
    test.each([0, 2])(`the others go on when a rank ${way}: rank %i`, async (victim) => {
      const { stdout, code } = await runScript(loses(how, shrinks), [
        "-n",
        "4",
        "--keep-going",
        "--env",
        `V=${victim}`,
      ]);
      expect(stdout).toBe(`rank-failed ${victim} 3 0 2\n`.repeat(3));
      // The lowest rank that was not killed speaks for the job.
      const own = way === "throws" ? 1 : 3;
      expect(code).toBe(victim === 0 && way !== "is killed" ? own : 0);
    });
  }

  test("a rank that leaves in the middle is gone too, and shrink goes on without it", async () => {
    const { stdout, code } = await runScript(loses("process.exit(0);", shrinks), [
      "-n",
      "4",
      "--keep-going",
      "--env",
      "V=1",
    ]);
    expect(stdout).toBe("rank-failed 1 3 0 2\n".repeat(3));
    expect(code).toBe(0);
  });

  test("when nobody survives the exit code is that of the first loss, and it is said", async () => {
    const kills = 'process.kill(process.pid, "SIGKILL"); await new Promise(() => {});';
    const { code, stderr } = await runScript(loses(kills, "throw error;"), ["-n", "3", "--keep-going", "--env", "V=0"]);
    expect(code).toBe(137);
    expect(stderr).toMatch(/^tsmpi: no rank is left$/m);
  });

  test("a map that has lost its root rejects on all ranks", async () => {
    const script = `
      import { init } from "tsmpi";
      const world = await init();
      if (world.rank === 0) setTimeout(() => process.kill(process.pid, "SIGKILL"), 100);
      const slow = (x) => new Promise((resolve) => setTimeout(resolve, 20, x));
      await world.map(slow, Array.from({ length: 200 }, (_, i) => i)).catch((error) => console.log(error.code, error.rank));
      const left = await world.shrink();
      const squares = await left.map((x) => x * x, [1, 2, 3]);
      if (squares) console.log(squares.join());
    `;
    const { code, stdout } = await runScript(script, ["-n", "3", "--keep-going"]);
    expect(stdout).toBe("rank-failed 0\nrank-failed 0\n1,4,9\n");
    expect(code).toBe(0);
  });

  test("ranks that agree, and one that waits for something else, are a deadlock with the lines of all", async () => {
    const script = `
      import { init } from "tsmpi";
      const world = await init();
      if (world.rank === 2) await world.recv({ source: 0 });
      await world.agree(true);
    `;
    const { code, stderr } = await runScript(script, ["-n", "3", "--keep-going", "--deadlock-after", "1"]);
    expect(stderr).toMatch(/^ {2}0-1 +\S+ +agree\(\) +ranks 0-2 .*:5$/m);
    expect(stderr).toMatch(/^ {2}2 +\S+ +recv\(\{ source: 0 \}\) +rank 0 .*:4$/m);
    expect(code).toBe(123);
  });

  test("both groups of an intercommunicator go on without ranks of either", async () => {
    const script = `
      import { init, MpiError, sum } from "tsmpi";
      const world = await init();
      const low = world.rank < 3;
      const half = await world.split(low ? 0 : 1);
      const other = await half.intercomm({ bridge: world, remoteLeader: low ? 3 : 0 });
      await other.barrier();
      if (world.rank === 1 || world.rank === 5) process.kill(process.pid, "SIGKILL");
      try { for (;;) await other.allreduce(1, sum); }
      catch (error) { if (!(error instanceof MpiError)) throw error; }
      const left = await other.shrink();
      console.log(other.failed.join(), left.remoteSize, await left.allreduce(world.rank, sum));
    `;
    const { code, stdout } = await runScript(script, ["-n", "6", "--keep-going"]);
    const lines = stdout.trimEnd().split("\n").sort();
    expect(lines).toEqual(["1 2 2", "1 2 2", "2 2 7", "2 2 7"]);
    expect(code).toBe(0);
  });
});
