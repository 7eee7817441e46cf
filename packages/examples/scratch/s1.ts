import { init, MpiError, sum, min } from "tsmpi";
let world = await init();
const me = world.rank;
const victims = (process.env.VICTIMS ?? "").split(",").filter(Boolean).map((v) => v.split(":").map(Number));
const t = () => Number(performance.now().toFixed(1));
let x = 0;
for (let step = 0; step < 2000; ) {
  if (victims.some(([r, s]) => r === me && s === step)) process.kill(process.pid, "SIGKILL");
  try {
    x = await world.allreduce(1, sum);
    if (x !== world.size) console.log("WRONG", x, world.size);
    step++;
  } catch (error) {
    if (!(error instanceof MpiError && (error.code === "rank-failed" || error.code === "revoked"))) throw error;
    const t0 = performance.now();
    await world.revoke();
    world = await world.shrink();
    step = await world.agree(step, min);
    if (world.rank === 0) console.log(`${me}: ${error.code}; ${world.size} left at ${step}, ${(performance.now() - t0).toFixed(1)} ms; failed ${world.failed}`);
  }
}
if (world.rank === 0) console.log("done", x, world.size);
await world.close();
