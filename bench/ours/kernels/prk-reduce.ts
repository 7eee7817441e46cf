import { init, max, sum } from "tsmpi";
import { report } from "../report.ts";

/**
 * Parallel Research Kernels, reduce: the vectors of all ranks are added up at rank 0, in place there. Checks every element, as PRK
 * does. The twin of `peers/mpi4py/kernels/prk-reduce.py`.
 *
 *     prk-reduce.ts <iterations> <length>
 */
await using world = await init();
const [iterations = 0, length = 0] = process.argv.slice(2).map(Number);
const vector = new Float64Array(length).fill(1);
const ones = new Float64Array(length).fill(1);
const into = world.rank === 0 ? vector : undefined;

let [start, adding] = [0, 0];
for (let k = 0; k <= iterations; k++) {
  if (k === 1) {
    await world.barrier();
    start = performance.now();
    adding = 0;
  }
  const began = performance.now();
  for (let i = 0; i < length; i++) vector[i]! += ones[i]!;
  adding += performance.now() - began;
  await world.reduce(vector, sum, { into });
}
const ms = await world.allreduce(performance.now() - start, max);

const expected = iterations + 2 + ((iterations * iterations + 5 * iterations + 4) * (world.size - 1)) / 2;
if (world.rank === 0) {
  const wrong = vector.findIndex((x) => Math.abs(x - expected) >= 1e-8);
  if (wrong >= 0) throw new Error(`element ${wrong} is ${vector[wrong]} instead of ${expected}`);
  const name = `PRK reduce of ${length.toLocaleString("en-US")} doubles`;
  report(`${name}, a turn (us)`, (ms * 1000) / iterations);
  report(`${name}, the program's own additions in it (us)`, (adding * 1000) / iterations);
}
