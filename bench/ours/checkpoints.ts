import { mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { init } from "tsmpi";
import { report } from "./report.ts";

/**
 * A checkpoint of 1 GiB of doubles, an equal part on each rank, saved and loaded. Seconds, and the same rows as
 * `peers/mpi4py/checkpoints.py`. The argument is a directory.
 */
const world = await init();
const parent = process.argv[2] ?? "/tmp";
const directory = await world.bcast(() => mkdtempSync(join(parent, "tsmpi-bench-")));
const state = { u: new Float64Array((1 << 27) / world.size).fill(world.rank), t: 0.5 };
const store = await world.checkpoints(join(directory, "state"), { keep: 1 });

async function time(body: () => Promise<unknown>): Promise<number> {
  await world.barrier();
  const began = performance.now();
  await body();
  await world.barrier();
  return (performance.now() - began) / 1000;
}

const first = await time(() => store.save(1, state));
const second = await time(() => store.save(2, state));
const loaded = await time(() => store.load());
if (world.rank === 0) {
  report("1 GiB, save, the first (s)", first);
  report("1 GiB, save, with one to remove (s)", second);
  report("1 GiB, load (s)", loaded);
}
await world.barrier();
if (world.rank === 0) rmSync(directory, { recursive: true });
await world.close();
