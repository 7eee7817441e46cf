// Mean and standard deviation of a large array, and the array in units of them: every rank works on its part.
//
//     tsmpi run -n 4 scatter-gather.ts              a million numbers
//     tsmpi run -n 4 scatter-gather.ts 50000000     400 MB of them
import { chunks, init, sum } from "tsmpi";

const total = (array: Float64Array): number => array.reduce((subtotal, x) => subtotal + x, 0);

await using world = await init();
const count = Number(process.argv[2] ?? 1_000_000);
const numbers = (): Float64Array => Float64Array.from({ length: count }, (_, i) => i);

// The function is called at rank 0 alone, so the whole array exists only there. Of a typed array, chunks makes views:
// nothing is copied, and each part travels as the bytes that it is.
const mine = await world.scatter(() => chunks(numbers(), world.size));

// Every rank needs the mean for what follows: allreduce gives it to all of them.
const mean = (await world.allreduce(total(mine), sum)) / count;
const squares = mine.map((x) => (x - mean) ** 2);
const deviation = Math.sqrt((await world.allreduce(total(squares), sum)) / count);

// All parts behind each other in one array, at rank 0. Other ranks' `into` is not touched.
const scores = mine.map((x) => (x - mean) / deviation);
const into = new Float64Array(world.rank === 0 ? count : 0);
const all = await world.gather(scores, { into });

if (all) {
  console.log(`numbers             ${count}`);
  console.log(`mean                ${mean.toFixed(3)}`);
  console.log(`standard deviation  ${deviation.toFixed(3)}`);
  console.log(`first, last         ${all[0]!.toFixed(3)}, ${all[count - 1]!.toFixed(3)} deviations from the mean`);
}
