import { availableParallelism } from "node:os";
import { init, sum } from "tsmpi";

/**
 * Microseconds per collective; the rows of `peers/mpi4py/collectives.py`.
 *
 * Warm-up: a second of calls, two if ranks share CPUs. Then the median of three batches of up to 5,000 calls, half a second at most.
 * The first 1,000 calls are a row of their own: a program of a second is never warm.
 */
const world = await init();
const small = { id: 1, name: "particle", position: [0.5, 1.5, 2.5] };
const parts = Array.from({ length: world.size }, () => small);
const array = new Float64Array(131_072);
const result = new Float64Array(array.length);

type Call = () => Promise<unknown>;

/** Milliseconds of some calls, up to the last rank's end. */
async function batch(repetitions: number, collective: Call): Promise<number> {
  await world.barrier();
  const began = performance.now();
  for (let i = 0; i < repetitions; i++) await collective();
  await world.barrier();
  return performance.now() - began;
}

/** Rank 0's clock decides for all, so that all make the same calls. */
async function warmUp(collective: Call): Promise<number> {
  const end = performance.now() + (world.size > availableParallelism() ? 2000 : 1000);
  let ms = 0;
  do ms = await batch(100, collective);
  while (await world.bcast(performance.now() < end));
  return world.bcast(Math.min(5000, Math.max(50, Math.round(500 / (ms / 100)))));
}

async function time(row: string, collective: Call): Promise<void> {
  const repetitions = await warmUp(collective);
  const times: number[] = [];
  for (let i = 0; i < 3; i++) times.push(await batch(repetitions, collective));
  report(row, times.sort((a, b) => a - b)[1] as number, repetitions);
}

function report(row: string, ms: number, calls: number): void {
  const value = (ms * 1000) / calls;
  if (world.rank === 0) console.log(JSON.stringify({ row: `${row}, n = ${world.size} (us)`, value }));
}

await world.barrier();
report("allreduce of a number, first 1,000", await batch(1000, () => world.allreduce(1, sum)), 1000);
await time("barrier", () => world.barrier());
await time("bcast of an object", () => world.bcast(small));
await time("scatter of objects", () => world.scatter(parts));
await time("gather of objects", () => world.gather(small));
await time("allgather of objects", () => world.allgather(small));
await time("alltoall of objects", () => world.alltoall(parts));
await time("allreduce of a number", () => world.allreduce(1, sum));
await time("bcast of 1 MiB of doubles", () =>
  world.rank === 0 ? world.bcast(array) : world.bcast(undefined, { into: result }),
);
await time("allreduce of 1 MiB of doubles", () => world.allreduce(array, sum, { into: result }));
