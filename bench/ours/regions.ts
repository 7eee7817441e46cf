import { block, init, type Region } from "tsmpi";
import { report } from "./report.ts";

/**
 * Regions of a grid of 4000 x 4000 doubles, sent both ways at once between two ranks and received in the same region of the other grid:
 * microseconds an exchange. The same rows as `peers/mpi4py/regions.py`.
 */
const world = await init();
const other = 1 - world.rank;
const n = 4000;
const mine = new Float64Array(n * n).fill(world.rank);
const theirs = new Float64Array(n * n);

const regions: [row: string, region: Region, repetitions: number][] = [
  ["a column", { shape: [n, n], start: [0, 1], size: [n, 1] }, 500],
  ["two columns", { shape: [n, n], start: [0, 1], size: [n, 2] }, 500],
  ["every second column of 100 rows", { shape: [n, n], size: [100, n / 2], stride: [1, 2] }, 50],
  ["a quarter of the grid", { shape: [n, n], start: [n / 4, n / 4], size: [n / 2, n / 2] }, 3],
  ["a face of 200 x 400 x 200", { shape: [200, 400, 200], start: [0, 0, 1], size: [200, 400, 1] }, 50],
];

/** Microseconds an exchange. */
async function time(region: Region, repetitions: number): Promise<number> {
  const from = block(mine, region);
  const into = block(theirs, region);
  await world.barrier();
  const began = performance.now();
  for (let i = 0; i < repetitions; i++) await world.sendrecv(from, { dest: other, source: other, into });
  return ((performance.now() - began) * 1000) / repetitions;
}

for (const [row, region, repetitions] of regions) {
  const first = await time(region, Math.ceil(repetitions / 50));
  for (let i = 0; i < 3; i++) await time(region, repetitions);
  const values = [];
  for (let i = 0; i < 5; i++) values.push(await time(region, repetitions));
  if (world.rank !== 0) continue;
  report(`${row}, first (us)`, first);
  report(`${row} (us)`, values.sort((a, b) => a - b)[2] as number);
}
await world.close();
