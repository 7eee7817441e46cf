import { describe, expect, test } from "vitest";
import { runScript } from "../support/run-tsmpi.ts";
import { perTier } from "../support/tier.ts";

/** In the full tier a rank is killed at a hundred moments. */
const jobs = perTier({ quick: 2, full: 50 });

/**
 * The last rank is killed at a random moment, while all ranks use a window in all ways. What the others read is right until then; then
 * their calls reject, those of the window's collectives too; calls to each other go on; and each of them ends by itself.
 */
const script = `
import assert from "node:assert/strict";
import { init, sum } from "tsmpi";

const world = await init();
const { rank, size } = world;
let seed = Number(process.env.SEED) + rank;
const random = () => (seed = (seed * 16807) % 2147483647) / 2147483647;
const window = await world.window(Float64Array, 30_000);
const counter = await world.counter({ root: size - 1 });
const mutex = await world.mutex();
const pids = await world.allgather(process.pid);
await window.fence();
const victim = size - 1;

const ways = [
  () => window.get({ target: victim, count: 30_000 }),
  () => window.put(new Float64Array(20_000).fill(1), { target: victim, offset: 1 }),
  () => window.accumulate(new Float64Array(300).fill(0), sum, { target: victim }),
  () => window.getAccumulate(new Float64Array(300).fill(0), sum, { target: victim }),
  () => window.fetchAndOp(0, sum, { target: victim }),
  () => window.compareAndSwap({ expected: 3, replacement: 3 }, { target: victim }),
  () => window.flush(),
  async () => (await window.lock({ target: victim })).release(),
  async () => (await window.lock({ target: victim, shared: true })).release(),
  async () => (await mutex.lock()).release(),
  () => counter.next(),
];
const any = () => ways[Math.floor(random() * ways.length)]();

if (rank === victim) for (;;) await any();
if (rank === 0) setTimeout(() => process.kill(pids[victim], "SIGKILL"), 20 + 80 * random());
let error;
for (let i = 0; error === undefined; i++) {
  error = await any().then(() => undefined, (thrown) => thrown);
}
assert.equal(error.code, "rank-failed", error.stack);
for (const way of ways.slice(0, 6)) await assert.rejects(way(), { code: "rank-failed" });
await assert.rejects(counter.next(), { code: "rank-failed" });
await assert.rejects(window.fence(), { code: "rank-failed" });
const other = (rank + 1) % (size - 1);
assert.deepEqual(await window.get({ target: other, offset: 29_999, count: 1 }), new Float64Array(1));
await (await mutex.lock()).release();
await (await window.lock({ target: other, shared: true })).release();
// Twice round the ring: then all are through with each other's parts, and may end.
for (let round = 0; round < 2; round++) {
  await world.send("alive", { dest: other });
  await world.recv();
}
await assert.rejects(window.close(), { code: "rank-failed" });
console.log("survived");
`;

describe.each(["", "zeromq"])("with TSMPI_TRANSPORT=%s", (way) => {
  for (let job = 1; job <= jobs; job++) {
    test(`a rank that is killed in the middle of a window's calls holds up no other ${job}`, async () => {
      const env = ["--env", `TSMPI_TRANSPORT=${way}`, "--env", `SEED=${job * 7919}`];
      const { stdout, stderr } = await runScript(script, ["-n", "4", "--keep-going", "--timeout", "60", ...env]);
      expect(stdout, stderr).toBe("survived\nsurvived\nsurvived\n");
    });
  }
});
