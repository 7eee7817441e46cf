import { describe, expect, test } from "vitest";
import { runScript } from "../support/run-tsmpi.ts";
import { perTier } from "../support/tier.ts";

/** How many jobs lose all their workers, one after the other: 20 are a hundred kills. */
const jobs = perTier({ quick: 2, full: 20 });

/**
 * Maps follow each other while rank 0 kills the others at random moments, until it is alone. Every result of every map is
 * checked: small ones, and typed arrays that travel in parts.
 */
const survivor = `
import assert from "node:assert/strict";
import { init, pool } from "tsmpi";

const world = await init();
const pids = await world.gather(process.pid);
let seed = Number(process.env.SEED);
const random = () => (seed = (seed * 16807) % 2147483647) / 2147483647;
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

const inputs = Array.from({ length: 120 }, (_, i) => i);
const square = async (x) => {
  if (x % 5 === 0) await pause(1);
  else for (const end = performance.now() + 0.5; performance.now() < end; );
  return { x, square: x * x, array: new Float64Array(x % 10 === 0 ? 40_000 : 10).fill(x) };
};
const check = (results) => {
  assert.equal(results.length, inputs.length);
  results.forEach(({ x, square, array }, i) => assert.deepEqual([x, square, array.at(-1)], [i, i * i, i]));
};

const victims = pids?.slice(1).sort(() => random() - 0.5) ?? [];
if (pids) {
  const kill = () => {
    const victim = victims.pop();
    if (victim === undefined) return;
    process.kill(victim, "SIGKILL");
    setTimeout(kill, random() * 60);
  };
  setTimeout(kill, random() * 60);
}
for (let round = 0; round < 6; round++) {
  const options = [{}, { chunkSize: 7 }, { schedule: "static" }][round % 3];
  const results = await world.map(square, inputs, options);
  if (results) check(results);
}
if (world.rank === 0) while (victims.length > 0) await pause(10);
const left = pool(world, { square }, (workers) => workers.map("square", inputs).then(check));
await left.catch((error) => assert.match(error.message, /rank \\d+ is gone/)); // nobody is left to work
if (world.rank === 0) console.log("done");
await world.close();
`;

describe("tsmpi run --keep-going", () => {
  for (let job = 1; job <= jobs; job++) {
    test(`maps lose no result while all workers are killed, in random order ${job}`, async () => {
      const result = await runScript(survivor, [
        "-n",
        "6",
        "--keep-going",
        "--timeout",
        "60",
        "--env",
        `SEED=${job * 7919}`,
      ]);
      expect(result.stdout).toBe("done\n");
      expect(result.code).toBe(0);
      const lost = result.stderr.match(/^tsmpi: rank \d of 6 on .* was killed by SIGKILL; going on without it$/gm);
      expect(result.stderr.trimEnd().split("\n")).toEqual(lost);
    });
  }

  test("a task that kills every rank it comes to fails boundedly, with the rank that was lost", async () => {
    const script = `
      import { init } from "tsmpi";
      const world = await init();
      const deadly = (x) => (x === 3 ? process.kill(process.pid, "SIGKILL") : x);
      try {
        await world.map(deadly, [0, 1, 2, 3, 4, 5], { rootWorks: false });
      } catch (error) {
        if (world.rank === 0) console.log(error.code, error.index, error.message);
      }
      await world.close();
    `;
    const { code, stdout } = await runScript(script, ["-n", "6", "--keep-going"]);
    expect(stdout).toMatch(/^rank-failed 3 .*rank \d is gone \(killed by SIGKILL, pid \d+\)/);
    expect(code).toBe(0);
  });

  test("with concurrency only the task that kills its ranks fails, and not those that were at work beside it", async () => {
    const script = `
      import { init } from "tsmpi";
      const world = await init();
      const deadly = async (x) => {
        await new Promise((resolve) => setTimeout(resolve, 5));
        if (x === 3) process.kill(process.pid, "SIGKILL");
        return x;
      };
      const options = { rootWorks: false, concurrency: 4, stopOnError: false };
      const results = await world.map(deadly, Array.from({ length: 24 }, (_, i) => i), options);
      if (results) {
        const failed = results.flatMap(({ reason }) => reason ?? []);
        console.log(results.filter(({ value }, i) => value === i).length, failed.map(({ code, index }) => code + " " + index).join());
      }
      await world.close();
    `;
    const { code, stdout, stderr } = await runScript(script, ["-n", "5", "--keep-going"]);
    expect(stdout).toBe("23 rank-failed 3\n");
    expect(stderr.match(/going on without it/g)?.length).toBe(3);
    expect(code).toBe(0);
  });

  test("a task that calls process.exit(0) is named, and its input is done by another rank", async () => {
    const script = `
      import { init } from "tsmpi";
      const world = await init();
      const leaves = (x, { attempt }) => (x === 3 && attempt === 1 ? process.exit(0) : x);
      const results = await world.map(leaves, [0, 1, 2, 3, 4, 5], { rootWorks: false });
      if (results) console.log(results.join());
      await world.close();
    `;
    const { code, stdout, stderr } = await runScript(script, ["-n", "3", "--keep-going"]);
    expect(stdout).toBe("0,1,2,3,4,5\n");
    expect(stderr).toMatch(
      /^tsmpi: warning: rank \d on \S+ ended with exit code 0 in a task of leaves; going on without it\n$/,
    );
    expect(code).toBe(0);
  });

  test("a rank that never returns from a task that was given up is ended and named, and one that comes back is not", async () => {
    const script = `
      import { init } from "tsmpi";
      const world = await init();
      const busy = (x) => {
        const ms = [0, Infinity, 3000][x];
        for (const end = performance.now() + ms; performance.now() < end; );
        return x;
      };
      const options = { timeoutMs: 100, stopOnError: false, rootWorks: false };
      const results = await world.map(busy, [0, 0, 0, 1, 2, 0], options);
      if (results) console.log(results.map(({ value, reason }) => value ?? reason.code).join());
      const next = await world.map((x) => x + 1, [1, 2, 3, 4], { rootWorks: false });
      if (next) console.log(next.join());
      await world.close();
    `;
    const { code, stdout, stderr } = await runScript(script, ["-n", "4", "--keep-going", "--timeout", "60"]);
    expect(stdout).toBe("0,0,0,aborted,aborted,0\n2,3,4,5\n");
    expect(stderr).toMatch(
      /^tsmpi: rank \d of 4 on \S+ .*was killed by SIGKILL \(it did not return from input 3 of busy, which was given up\); going on without it\n$/,
    );
    expect(code).toBe(0);
  });

  test("calls that depend on a lost rank reject, and progress names it", async () => {
    const script = `
      import { init } from "tsmpi";
      const world = await init();
      const seen = [];
      const slow = async (x, { rank }) => {
        if (rank === 2) process.exit(3);
        await new Promise((resolve) => setTimeout(resolve, 10));
        return x;
      };
      const results = await world.map(slow, [0, 1, 2, 3, 4, 5, 6, 7], { progress: (event) => seen.push(event) });
      if (results) console.log(results.join(), seen.at(-1).lost);
      await world.barrier().catch((error) => world.rank === 0 && console.log(error.code));
      await world.close();
    `;
    const { stdout, stderr } = await runScript(script, ["-n", "3", "--keep-going"]);
    expect(stdout).toBe("0,1,2,3,4,5,6,7 [ 2 ]\nrank-failed\n");
    expect(stderr).toMatch(/^tsmpi: rank 2 of 3 on .* ended with exit code 3; going on without it\n$/);
  });

  test("without it a rank that is killed ends the job as usual", async () => {
    const script = `
      import { init } from "tsmpi";
      const world = await init();
      await world.map((x) => (x === 5 ? process.kill(process.pid, "SIGKILL") : x), [0, 1, 2, 3, 4, 5, 6], { rootWorks: false });
    `;
    const { code, stderr } = await runScript(script, ["-n", "3"]);
    expect(code).toBe(137);
    expect(stderr).toMatch(/was killed by SIGKILL; stopping the other ranks/);
  });
});
