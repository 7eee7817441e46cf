import { init } from "tsmpi";

const world = await init();
console.log(`I am rank ${world.rank} in group of ${world.size} processes.`);
