// A histogram that is too large for one rank: its bins are dealt out over all ranks, and every rank adds to the bins of
// every other.
//
//     tsmpi run -n 8 histogram.ts            the sums of four dice with 250,000 sides, a million throws
//     tsmpi run -n 8 histogram.ts 50000000
import { init, sum } from "tsmpi";

await using world = await init();
const { rank, size } = world;
const throws = Number(process.argv[2] ?? 1_000_000);
const sides = 250_000;
const bins = 4 * sides;

// Rank r has the bins from r * share on.
const share = Math.ceil(bins / size);
await using window = await world.window(Float64Array, Math.max(0, Math.min(share, bins - rank * share)));

/** Whole numbers below `sides`: a generator that gives throw i the same dice on whatever rank it is made. */
function die(i: number, number: number): number {
  let x = Math.imul(i ^ (number * 0x9e3779b9), 0x85ebca6b);
  x = Math.imul(x ^ (x >>> 15), 0x2c1b3c6d);
  x = Math.imul(x ^ (x >>> 12), 0x297a2d39);
  return ((x ^ (x >>> 15)) >>> 0) % sides;
}

// Each rank counts its throws in an array for each owner, and adds the arrays to the owners' bins in the end: one call
// for each rank instead of one for each throw.
const counts = Array.from({ length: size }, (_, owner) => new Float64Array(window.sizes[owner]!));
for (let i = rank; i < throws; i += size) {
  const bin = die(i, 0) + die(i, 1) + die(i, 2) + die(i, 3);
  counts[Math.floor(bin / share)]![bin % share]! += 1;
}
for (let step = 0; step < size; step++) {
  const target = (rank + step) % size; // each rank begins with another owner
  await window.accumulate(counts[target]!, sum, { target });
}
await window.fence();

// The bins are now complete, each on its owner. Moments are sums over all of them.
let moments = [0, 0, 0];
window.local.forEach((count, i) => {
  const bin = rank * share + i;
  moments = [moments[0]! + count, moments[1]! + count * bin, moments[2]! + count * bin * bin];
});
const [n, first, second] = (await world.allreduce(moments, sum)) as [number, number, number];
await window.close();
if (rank === 0) {
  const mean = first / n;
  console.log(`${n} throws in ${bins} bins`);
  console.log(`mean ${mean.toFixed(0)}, standard deviation ${Math.sqrt(second / n - mean * mean).toFixed(0)}`);
}
