import { describe, expect, test } from "vitest";
import { runScript } from "../support/run-tsmpi.ts";
import { perTier } from "../support/tier.ts";

/** In turn two ranks, each with a CPU, of which one is killed; and eight, of which seven are. In the full tier a thousand moments. */
const jobs = perTier({ quick: 2, full: 250 });

/**
 * Rank 0 exchanges messages and collectives with one rank after the other, of sizes that take each way through shared memory,
 * and kills that rank at a random moment. All that came before is right; then the call rejects; the ranks that are left go on.
 */
const script = `
import assert from "node:assert/strict";
import { init, sum } from "tsmpi";

const world = await init();
const { rank, size } = world;
const pids = await world.allgather(process.pid);
let seed = Number(process.env.SEED);
const random = () => (seed = (seed * 16807) % 2147483647) / 2147483647;
const lengths = [1, 7, 100, 300, 2000, 5000, 40_000];
const arrayOf = (i, from) => new Float64Array(lengths[i % lengths.length]).fill(i * 3 + from);
const all = (array, value) => array.every((element) => element === value);

async function turn(pair, i) {
  const [me, other] = [pair.rank, 1 - pair.rank];
  const partner = { dest: other, tag: i % 5 };
  const sends = () => {
    const all = [pair.send(i, partner), pair.send(arrayOf(i, me), partner), pair.send({ i, me }, partner)];
    for (const one of all) one.catch(() => {}); // a recv rejects first
    return all;
  };
  const sent = me === 0 ? sends() : [];
  const from = { source: other, tag: i % 5 };
  assert.equal(await pair.recv(from), i);
  const into = new Float64Array(lengths[i % lengths.length]);
  assert.ok(all(i % 2 ? await pair.recv(from) : await pair.recv({ ...from, into }), i * 3 + other));
  assert.deepEqual(await pair.recv(from), { i, me: other });
  if (me === 1) sent.push(...sends());
  await Promise.all(sent);
  assert.ok(all(await pair.allreduce(arrayOf(i, me), sum, { into }), i * 6 + 1));
  assert.equal(await pair.allreduce(i, sum), 2 * i);
  assert.ok(all(await pair.bcast(me === 1 ? arrayOf(i, 1) : undefined, { root: 1 }), i * 3 + 1));
  await pair.barrier();
}

const pairs = [];
for (let other = 1; other < size; other++) pairs[other] = await world.subset([0, other]);

if (rank > 0) for (let i = 0; ; i++) await turn(pairs[rank], i);

const turns = [];
for (let victim = 1; victim < size; victim++) {
  for (let i = 0; i < 3; i++) await turn(pairs[victim], i);
  const at = performance.now() + 30 * random();
  const spin = 0.2 * random();
  let killed = 0;
  for (let i = 3; ; i++) {
    if (!killed && performance.now() > at) {
      for (const end = performance.now() + spin; performance.now() < end; );
      process.kill(pids[victim], "SIGKILL");
      killed = performance.now();
    }
    const error = await turn(pairs[victim], i).then(() => undefined, (thrown) => thrown);
    if (error === undefined) continue;
    assert.ok(killed, error);
    assert.equal(error.code, "rank-failed", error.stack);
    turns.push(i);
    break;
  }
}
console.log("killed after turns " + turns.join(" "));
`;

describe("tsmpi run --keep-going", () => {
  for (let job = 1; job <= jobs; job++) {
    test(`a rank that is killed in the middle of its calls harms no other ${job}`, async () => {
      const ranks = job % 2 === 0 ? 8 : 2;
      const ways = ["-n", `${ranks}`, "--keep-going", "--timeout", "60", "--env", `SEED=${job * 7919}`];
      const { stdout, stderr, code } = await runScript(script, ways);
      expect(stderr).not.toMatch(/protocol|were lost|deadlock|AssertionError/);
      expect(stdout, stderr).toMatch(/^killed after turns( \d+)+\n$/);
      expect(code, stderr).toBe(0);
    });
  }
});
