import { init } from "tsmpi";
import { arrays, busy, ends, increment, many, piRun, time, trials } from "./tasks.ts";

/**
 * Milliseconds for a map over all ranks; the rows of each peer's map program. With `-n 2` two ranks compute: rank 0 hands out and
 * works too. The peers have a driver besides their two workers (`pool.ts` is tsmpi in that form). Start-up is not measured.
 */
const world = await init();
const map = (row: string, work: () => Promise<unknown>): Promise<void> => time(world, row, work, () => world.barrier());
const inputs = world.rank === 0 ? arrays() : [];

await map("10,000 tasks x + 1", () => world.map(increment, many));
await map("10,000 tasks x + 1, one by one", () => world.map(increment, many, { chunkSize: 1 }));
await map("1,000 tasks of 1 ms", () => world.map(busy, many.slice(0, 1000)));
await map("100 tasks with 1 MB of doubles", () => world.map(ends, inputs));
await map("pi with 10^1 to 10^6 trials", () => world.map(piRun, trials));
