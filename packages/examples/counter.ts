// A loop over tasks of unequal length, shared out by a counter: each rank draws the number of its next task. No rank hands
// out work, and none waits for another before the end.
//
//     tsmpi run -n 8 counter.ts              the longest Collatz sequence from a number below 300,000
//     tsmpi run -n 8 counter.ts 3000000
import { init, maxloc } from "tsmpi";

await using world = await init();
const limit = Number(process.argv[2] ?? 300_000);
/** Numbers of a task. Few enough that the last task is short, and many enough that drawing it costs little. */
const chunk = 1000;

/** How many steps it takes to reach 1: halve an even number, triple an odd one and add 1. */
function stepsFrom(start: number): number {
  let steps = 0;
  for (let n = start; n !== 1; steps++) n = n % 2 === 0 ? n / 2 : 3 * n + 1;
  return steps;
}

await using counter = await world.counter();
let best: [steps: number, start: number] = [0, 1];
let chunks = 0;
for (let from = await counter.next(chunk); from < limit; from = await counter.next(chunk)) {
  for (let start = Math.max(1, from); start < Math.min(limit, from + chunk); start++) {
    const steps = stepsFrom(start);
    if (steps > best[0]) best = [steps, start];
  }
  chunks++;
}
await counter.close();

const [steps, start] = await world.allreduce(best, maxloc);
const counts = await world.gather(chunks);
if (counts) {
  console.log(`below ${limit} the longest sequence begins at ${start}: ${steps} steps`);
  console.log(`${counts.reduce((a, b) => a + b)} chunks of ${chunk}`);
}
