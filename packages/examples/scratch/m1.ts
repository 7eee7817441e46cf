import { init } from "tsmpi";
const world = await init();
if (world.rank === 0) setTimeout(() => process.kill(process.pid, "SIGKILL"), 300);
const r = await world.map(async (x) => { await new Promise((f) => setTimeout(f, 20)); return x; }, Array.from({ length: 200 }, (_, i) => i));
if (r) console.log(r.length);
await world.close();
