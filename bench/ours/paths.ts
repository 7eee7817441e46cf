import { init, sum } from "tsmpi";
import { report } from "./report.ts";

/**
 * Microseconds of some calls. With `--no-opt --no-sparkplug` V8 compiles nothing, and the figures are the length of a call's path:
 * the same on the first call as on the last, and little disturbed by other load. The twin of `peers/mpi4py/paths.py`.
 */
await using world = await init();
const repetitions = 2000;
const other = 1 - world.rank;
const one = new Float64Array(1);
const [thousand, into] = [new Float64Array(1000), new Float64Array(1000)];

async function time(row: string, call: () => Promise<unknown>): Promise<void> {
  for (let i = 0; i < repetitions / 4; i++) await call();
  await world.barrier();
  const start = performance.now();
  for (let i = 0; i < repetitions; i++) await call();
  const us = ((performance.now() - start) * 1000) / repetitions;
  if (world.rank === 0) report(`${row} (us)`, us);
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
