import { init, sum } from "tsmpi";
import { report } from "./report.ts";

/**
 * Microseconds of some calls: the median of 40 batches of 50, because other load stops a rank for milliseconds at a time. With `--no-opt
 * --no-sparkplug` V8 compiles nothing, and the figures are the length of a call's path: the same on the first call as on the last.
 * The twin of `peers/mpi4py/paths.py`.
 */
await using world = await init();
const [batches, repetitions] = [40, 50];
const other = 1 - world.rank;
const one = new Float64Array(1);
const [thousand, into] = [new Float64Array(1000), new Float64Array(1000)];

async function time(row: string, call: () => Promise<unknown>): Promise<void> {
  for (let i = 0; i < 500; i++) await call();
  const times: number[] = [];
  for (let batch = 0; batch < batches; batch++) {
    await world.barrier();
    const start = performance.now();
    for (let i = 0; i < repetitions; i++) await call();
    times.push(performance.now() - start);
  }
  const ms = times.sort((a, b) => a - b)[batches / 2]!;
  if (world.rank === 0) report(`${row} (us)`, (ms * 1000) / repetitions);
}

await time("number, round trip", async () => {
  if (world.rank === 0) {
    await world.send(1, { dest: other });
    await world.recv({ source: other });
  } else {
    await world.recv({ source: other });
    await world.send(1, { dest: other });
  }
});
await time("buffer of 8 B, round trip", async () => {
  if (world.rank === 0) {
    await world.send(one, { dest: other });
    await world.recv({ source: other, into: one });
  } else {
    await world.recv({ source: other, into: one });
    await world.send(one, { dest: other });
  }
});
await time("barrier", () => world.barrier());
await time("allreduce of a number", () => world.allreduce(1, sum));
await time("allreduce of 1,000 doubles", () => world.allreduce(thousand, sum, { into }));
await time("bcast of an object", () => world.bcast({ a: 1 }));
