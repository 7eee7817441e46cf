import { readFileSync } from "node:fs";
import { init } from "tsmpi";

/** Megabytes of a rank after init() and a first barrier, as the kernel counts them; the rows of `peers/mpi4py/memory.py`. */
const world = await init();
await world.barrier();
const counted = readFileSync("/proc/self/smaps_rollup", "utf8");
for (const [row, field] of [
  ["resident", "Rss"],
  ["its share of what is resident", "Pss"],
]) {
  const kB = Number(new RegExp(`^${field}:\\s+(\\d+) kB`, "m").exec(counted)?.[1]);
  const all = await world.gather(kB);
  const median = all?.sort((a, b) => a - b)[Math.floor(world.size / 2)];
  if (median !== undefined)
    console.log(JSON.stringify({ row: `memory of a rank, ${row}, n = ${world.size} (MB)`, value: median / 1000 }));
}
