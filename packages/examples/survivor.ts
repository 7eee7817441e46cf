// A computation that survives the death of any rank, agent or host but the launcher's: it saves its state, and `--restarts` starts it
// again on the hosts that are left. Kill what you like while it runs; the result is the same.
//
//     tsmpi run -n 4 --restarts 9 survivor.ts            heat in a rod of 4,000 cells, 3,000 steps
//     tsmpi run -n 4 --restarts 9 survivor.ts 100000     longer
//     pkill -9 -f survivor.ts                            in another terminal, as often as you like
//
// Before the walltime of a batch job it saves and ends well: submit it again, and it goes on.
import { distributed, init, lor, range, sum } from "tsmpi";

await using world = await init();
const { rank, size } = world;
const [stepsWanted = "3000", directory = "survivor-state"] = process.argv.slice(2);
const steps = Number(stepsWanted);
const cells = 4000;
const { start, end } = range(cells, world);
const u = new Float64Array(end - start).map((_, i) => (start + i < cells / 2 ? 1 : 0));

const store = await world.checkpoints(directory);
const mine = distributed(u, { shape: [cells], start: [start], size: [end - start] });
const from = (await store.load({ into: { u: mine } }))?.step ?? 0; // fills u, on any number of ranks
if (rank === 0 && from > 0) console.log(`going on from step ${from} with ${size} ranks`);

let step = from;
for (; step < steps; step++) {
  if (step % 250 === 0) {
    const timeIsUp = await world.allreduce(world.signal.aborted, lor);
    await store.save(step, { u: mine });
    if (timeIsUp) break;
  }
  const [left, right] = [rank > 0 ? rank - 1 : null, rank < size - 1 ? rank + 1 : null];
  const before = await world.sendrecv<number>(u.at(-1), { dest: right, source: left });
  const after = await world.sendrecv<number>(u[0], { dest: left, source: right });
  const old = u.slice();
  for (let i = 0; i < u.length; i++) {
    const [west, east] = [i > 0 ? old[i - 1] : (before ?? old[0]), old[i + 1] ?? after ?? old.at(-1)];
    u[i] = old[i]! + 0.4 * (west! - 2 * old[i]! + east!);
  }
}
const heat = await world.allreduce(sumOf(u), sum);
const edge = await world.gather([...u].filter((x) => x > 0.01 && x < 0.99).length);
if (edge)
  console.log(`step ${step}: heat ${heat.toFixed(6)}, ${edge.reduce((a, b) => a + b)} cells between hot and cold`);

function sumOf(array: Float64Array): number {
  return array.reduce((a, b) => a + b, 0);
}
