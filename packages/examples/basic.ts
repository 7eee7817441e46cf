// A function, called once, and then applied to a list with the list shared out over all ranks.
import { chunks, init } from "tsmpi";

const addit = (x: number): number => x + 1;

await using world = await init();
if (world.rank === 0) console.log(addit(4));

// Rank 0 cuts the list into one part for each rank (some are empty when there are more ranks than numbers) ...
const mine = await world.scatter(() => chunks([1, 2, 3], world.size));
// ... every rank works on its part, and rank 0 gets the parts back in the order of ranks. Elsewhere gather gives undefined.
const results = await world.gather(mine.map(addit));

if (results) console.log(JSON.stringify(results.flat()));
