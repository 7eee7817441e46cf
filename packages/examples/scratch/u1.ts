import { init, sum } from "tsmpi";
const world = await init();
for (let i = 0; i < 100; i++) {
  if (i === 50 && world.rank === Number(process.env.V ?? 1)) {
    if (process.env.HOW === "throw") throw new Error("my bug");
    if (process.env.HOW === "exit") process.exit(3);
    if (process.env.HOW === "exit0") process.exit(0);
    process.kill(process.pid, "SIGKILL");
  }
  await world.allreduce(i, sum);
}
console.log("done");
