// One rank of a job under fire: does one thing over and over, checks every result, and says what it sees.
// Arguments: where the library is, the phase, a seed, rounds, and what this job's wrongdoer does: "rank:what:round".
import assert from "node:assert/strict";

const [library, phase, seedText, roundsText, misdeed = ""] = process.argv.slice(2);
const { init, pool, sum } = await import(library);
const rank = Number(process.env.TSMPI_RANK);
const rounds = Number(roundsText);
let state = (Number(seedText) * 31 + rank * 977 + 1) % 2147483647;
const random = () => {
  state = (state * 16807) % 2147483647;
  return state / 2147483647;
};
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

console.log(`up ${rank} ${process.pid}`);
process.on("uncaughtException", (error) => {
  if (error.code === "ERR_ASSERTION") console.log("WRONG", error.message);
  else console.log("saw", error.code ?? error.message, error.rank ?? "");
  process.exit(error.code === "ERR_ASSERTION" ? 99 : error.message === "misdeed" ? 1 : 98);
});

const misbehave = (round) => {
  const [who, what, when] = misdeed.split(":");
  if (misdeed === "" || Number(who) !== rank || Number(when) !== round) return;
  if (what === "throw") throw new Error("misdeed");
  if (what === "reject") void Promise.reject(new Error("misdeed"));
  if (what === "exit 0") process.exit(0);
  if (what === "exit 3") process.exit(3);
  if (what === "kill") process.kill(process.pid, "SIGKILL");
};

if (phase === "start-up") await pause(random() * 400);
const world = await init();
const { size } = world;
console.log(`in ${rank}`);
const all = Array.from({ length: size }, (_, each) => each);
/** Data of a rank in a round: sometimes small, sometimes large enough to travel in other ways. */
const data = (from, round) => new Float64Array([5, 2000, 30_000][round % 3]).fill(from * 1000 + round);
const same = (actual, from, round) => assert.deepEqual(actual, data(from, round));
const total = (round, of = all) => data(0, round).fill(of.reduce((so, each) => so + each * 1000 + round, 0));

const steps = {
  async recv(round) {
    const [left, right] = [(rank + size - 1) % size, (rank + 1) % size];
    const sent = world.send(data(rank, round), { dest: right, tag: round });
    same(await world.recv({ source: left, tag: round }), left, round);
    await sent;
  },
  barrier: () => world.barrier(),
  async bcast(round) {
    const root = round % size;
    same(await world.bcast(rank === root ? data(root, round) : undefined, { root }), root, round);
  },
  async scatter(round) {
    const root = round % size;
    same(await world.scatter(() => all.map((each) => data(each, round)), { root }), rank, round);
  },
  async gather(round) {
    const parts = await world.gather(data(rank, round), { root: round % size });
    parts?.forEach((part, from) => same(part, from, round));
  },
  async allgather(round) {
    (await world.allgather(data(rank, round))).forEach((part, from) => same(part, from, round));
  },
  async alltoall(round) {
    const parts = await world.alltoall(all.map((to) => data(rank * 10 + to, round)));
    parts.forEach((part, from) => same(part, from * 10 + rank, round));
  },
  async reduce(round) {
    const result = await world.reduce(data(rank, round), sum, { root: round % size });
    if (result !== undefined) assert.deepEqual(result, total(round));
  },
  allreduce: async (round) => assert.deepEqual(await world.allreduce(data(rank, round), sum), total(round)),
  async reduceScatter(round) {
    const part = await world.reduceScatter(
      all.map((to) => rank * 100 + to * round),
      sum,
    );
    assert.equal(
      part,
      all.reduce((so, from) => so + from * 100 + rank * round, 0),
    );
  },
  async scan(round) {
    assert.deepEqual(await world.scan(data(rank, round), sum), total(round, all.slice(0, rank + 1)));
  },
  async split(round) {
    const half = await world.split(rank % 2, { key: -rank });
    assert.equal(await half.allreduce(1, sum), all.filter((each) => each % 2 === rank % 2).length);
    await half.close();
    if (round % 4 === 0) await world.barrier();
  },
  async map(round) {
    const inputs = Array.from({ length: 40 }, (_, i) => i);
    const options = [{}, { chunkSize: 3 }, { schedule: "static" }][round % 3];
    check(await world.map(square, inputs, options));
  },
  async pool() {
    const inputs = Array.from({ length: 40 }, (_, i) => i);
    await pool(world, { square }, async (workers) => {
      check(await workers.map("square", inputs));
      assert.equal((await workers.run("square", 7)).square, 49);
    });
  },
};
steps["start-up"] = steps.recv;
steps["shut-down"] = steps.recv;

const square = async (x) => {
  if (x % 5 === 0) await pause(random() * 8);
  return { x, square: x * x, array: new Float64Array(x % 10 === 0 ? 20_000 : 10).fill(x) };
};
function check(results) {
  if (results === undefined) return;
  assert.equal(results.length, 40);
  results.forEach(({ x, square, array }, i) => assert.deepEqual([x, square, array.at(-1)], [i, i * i, i]));
}

const from = performance.now();
for (let round = 0; round < rounds; round++) {
  misbehave(round);
  await steps[phase](round);
  // A round costs no more and no less than a moment, so that faults meet the ranks within their work.
  await pause(
    random() * 4 + (phase === "map" || phase === "pool" ? 0 : Math.max(0, round * 20 - (performance.now() - from))),
  );
}
if (phase === "shut-down") {
  const flood = Array.from({ length: 50 }, (_, i) => world.send(data(rank, i), { dest: (rank + 1) % size, tag: i }));
  await pause(random() * 100);
  for (let i = 0; i < 50; i++)
    same(await world.recv({ source: (rank + size - 1) % size, tag: i }), (rank + size - 1) % size, i);
  await Promise.all(flood);
}
console.log(`done ${rank}`);
await pause(phase === "shut-down" ? random() * 300 : 0);
await world.close();
