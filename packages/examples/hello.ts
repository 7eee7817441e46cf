// The smallest program: every rank says who it is. Lines come in no particular order, for nobody waits for anybody.
import { init } from "tsmpi";

await using world = await init(); // started without tsmpi run, this is a world of one rank

console.log(`I am rank ${world.rank} in group of ${world.size} processes.`);
