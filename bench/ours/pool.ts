import { init, pool } from "tsmpi";
import { arrays, busy, ends, increment, many, piRun, time, trials } from "./tasks.ts";

/** The rows of `map.ts` with a pool: With `-n 3` one rank is only the driver and two work, as in Python's pools. */
const world = await init();

await pool(world, { increment, busy, ends, piRun }, async (workers) => {
  const inputs = arrays();
  await time(world, "10,000 tasks x + 1", () => workers.map("increment", many));
  await time(world, "10,000 tasks x + 1, one by one", () => workers.map("increment", many, { chunkSize: 1 }));
  await time(world, "1,000 tasks of 1 ms", () => workers.map("busy", many.slice(0, 1000)));
  await time(world, "100 tasks with 1 MB of doubles", () => workers.map("ends", inputs));
  await time(world, "pi with 10^1 to 10^6 trials", () => workers.map("piRun", trials));
});
