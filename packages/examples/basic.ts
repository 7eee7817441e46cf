// A function, called once, and then applied to a list with the list shared out over all ranks.
import { init } from "tsmpi";

const addit = (x: number): number => x + 1;

await using world = await init();
if (world.rank === 0) console.log(addit(4));

// Rank 0 hands out the numbers, all ranks work, and rank 0 gets the results in the order of the numbers. Elsewhere map
// gives undefined.
const results = await world.map(addit, [1, 2, 3]);

if (results) console.log(JSON.stringify(results));
