import { init, MpiError, sum } from "tsmpi";
import { report } from "./report.ts";

/**
 * What it costs to survive. With "kill" (under `--keep-going`) the last rank is killed while all are in collectives, and what follows
 * is timed from the last collective with it. Without, the same collectives run as in any job.
 */
let world = await init();
const median = (values: number[]): number => values.sort((a, b) => a - b)[values.length >> 1] as number;

async function row(name: string, repetitions: number, call: () => Promise<unknown>): Promise<void> {
  const values: number[] = [];
  for (let batch = 0; batch < 5; batch++) {
    await world.barrier();
    const began = performance.now();
    for (let i = 0; i < repetitions; i++) await call();
    values.push(((performance.now() - began) * 1000) / repetitions);
  }
  if (world.rank === 0) report(`${name} (us)`, median(values));
}

await row("barrier", 2000, () => world.barrier());
await row("allreduce of a number", 2000, () => world.allreduce(1, sum));
if (process.argv[2] === "kill") {
  await row("agree", 100, () => world.agree(true));
  const known: number[] = [];
  const again: number[] = [];
  for (let victim = world.size - 1; victim > 2; victim--) {
    if (world.rank === victim) setTimeout(() => process.kill(process.pid, "SIGKILL"), 200);
    let last = performance.now();
    try {
      for (;;) {
        await world.allreduce(1, sum);
        last = performance.now();
      }
    } catch (error) {
      if (!(error instanceof MpiError)) throw error;
      known.push(performance.now() - last);
      world = await world.shrink();
      await world.allreduce(1, sum);
      again.push(performance.now() - last);
    }
  }
  if (world.rank === 0) report("a rank is killed: the others know (ms)", median(known));
  if (world.rank === 0) report("a rank is killed: first collective without it (ms)", median(again));
}
