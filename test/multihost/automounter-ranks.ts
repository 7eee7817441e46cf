import { readFileSync } from "node:fs";
import { init } from "tsmpi";

await using world = await init();
readFileSync(new URL("automounter.test.ts", import.meta.url)); // by a name that means something on this host
console.log(`${world.rank} of ${world.size}`);
