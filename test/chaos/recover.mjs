// One rank of a job under fire that recovers. It computes an array that all ranks share, step by step, and loses nothing: what was
// computed is kept in copies or checkpoints, and at the end compared with what one process computes.
// Arguments: where the library is, the way to recover, the directory of checkpoints.
import assert from "node:assert/strict";

const [library, way, directory] = process.argv.slice(2);
const { distributed, init, min, MpiError, range, sum } = await import(library);
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const length = 6000;
const steps = 60;
/** A copy or checkpoint after so many steps. */
const often = 5;

/** One step of elements first, first + 1, ...; the total of the step before goes into all of them. */
const advance = (u, first, total) => u.map((x, i) => (3 * x + first + i + (total % 7)) % 1009);
const totalOf = (u) => u.reduce((so, x) => so + x, 0);

process.on("uncaughtException", (error) => {
  console.log(error.code === "ERR_ASSERTION" ? "WRONG" : "saw", error.stack);
  process.exit(error.code === "ERR_ASSERTION" ? 99 : 98);
});

if (process.env.TSMPI_SPAWNED === undefined) console.log(`up ${process.env.TSMPI_RANK} ${process.pid}`);
let world = await init();
let wanted = world.size;
if (way === "spawn" && world.parent !== null) world = await joined(world.parent);
else console.log(`in ${world.rank}`);

/** The whole array after `at` steps, as all ranks knew it. */
let copies = [{ at: 0, whole: new Float64Array(length) }];
const keepsFiles = way !== "copies";

async function joined(parent) {
  const all = await parent.merge({ high: true });
  wanted = await all.bcast(undefined);
  return all;
}

/** This rank's part of the last state that all ranks know. */
async function restore() {
  const { start, end } = range(length, world);
  const mine = new Float64Array(end - start);
  if (!keepsFiles) {
    const at = await world.agree(Math.max(...copies.map((copy) => copy.at)), min);
    const copy = copies.find((each) => each.at === at);
    assert.ok(copy, `nobody has thrown away the copy of step ${at}`);
    return { at, u: copy.whole.slice(start, end), start };
  }
  const store = await world.checkpoints(directory);
  const u = distributed(mine, { shape: [length], start: [start], size: [end - start] });
  const last = await store.load({ into: { u } });
  assert.equal(last === undefined ? 0 : last.state.at, last?.step ?? 0);
  return { at: last?.step ?? 0, u: mine, start, store };
}

async function keep({ at, u, start, store }) {
  if (store !== undefined) {
    await store.save(at, { u: distributed(u, { shape: [length], start: [start], size: [u.length] }), at });
    return;
  }
  const parts = await world.allgather(u);
  const whole = new Float64Array(length);
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  copies = [...copies.slice(-1), { at, whole }];
}

async function work() {
  const state = await restore();
  while (state.at < steps) {
    const total = await world.allreduce(totalOf(state.u), sum);
    state.u = advance(state.u, state.start, total);
    state.at++;
    await pause(8);
    if (state.at % often === 0) await keep(state);
  }
  return world.allreduce(totalOf(state.u), sum);
}

/** What one process computes. */
function expected() {
  let u = new Float64Array(length);
  for (let step = 0; step < steps; step++) u = advance(u, 0, totalOf(u));
  return totalOf(u);
}

for (let done = false; !done; ) {
  let ok = true;
  try {
    assert.equal(await work(), expected());
  } catch (error) {
    const lost = error instanceof MpiError && (error.code === "rank-failed" || error.code === "revoked");
    if (!lost || way === "restarts") throw error;
    ok = false;
    await world.revoke();
  }
  if (way === "restarts") break;
  done = await world.agree(ok);
  if (!done) await goOn();
}
console.log(`result ${way} ${world.rank} of ${world.size}`);
await world.close();

/** A world without those that are gone; or with others in their place. */
async function goOn() {
  for (;;) {
    const left = await world.shrink();
    world = left;
    if (way !== "spawn") return;
    wanted = await left.agree(wanted, min);
    let whole;
    try {
      whole = await replace(left);
    } catch (error) {
      if (error.code === "launch") wanted = left.size; // no slot is free: the lost host had the others
      if (!(error instanceof MpiError && ["rank-failed", "revoked", "launch"].includes(error.code))) throw error;
      await left.revoke(); // ends what the new ranks wait in, too
    }
    if (await left.agree(whole !== undefined)) {
      world = whole;
      return;
    }
  }
}

async function replace(left) {
  const missing = wanted - left.size;
  if (missing <= 0) return left;
  const fresh = await left.spawn(missing, process.argv[1], { args: process.argv.slice(2) });
  const all = await fresh.merge({ high: false });
  await all.bcast(left.rank === 0 ? wanted : undefined);
  return all;
}
