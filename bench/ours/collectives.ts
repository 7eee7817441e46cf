import { init, sum } from "tsmpi";

/** Microseconds per collective; the rows of `peers/mpi4py/collectives.py`. */
const world = await init();
const small = { id: 1, name: "particle", position: [0.5, 1.5, 2.5] };
const parts = Array.from({ length: world.size }, () => small);
const array = new Float64Array(131_072);

async function time(row: string, repetitions: number, collective: () => Promise<unknown>): Promise<void> {
  for (let i = 0; i < repetitions / 10; i++) await collective();
  await world.barrier();
  const began = performance.now();
  for (let i = 0; i < repetitions; i++) await collective();
  await world.barrier();
  const us = ((performance.now() - began) * 1000) / repetitions;
  if (world.rank === 0) console.log(JSON.stringify({ row: `${row}, n = ${world.size} (us)`, value: us }));
}

await time("barrier", 1000, () => world.barrier());
await time("bcast of an object", 1000, () => world.bcast(small));
await time("scatter of objects", 1000, () => world.scatter(parts));
await time("gather of objects", 1000, () => world.gather(small));
await time("allgather of objects", 1000, () => world.allgather(small));
await time("alltoall of objects", 1000, () => world.alltoall(parts));
await time("allreduce of a number", 1000, () => world.allreduce(1, sum));
await time("allreduce of 1 MiB of doubles", 50, () => world.allreduce(array, sum));
