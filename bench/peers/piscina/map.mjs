// The rows of ours/map.ts with piscina and two threads. It has no chunks: every task is a message.
import { Piscina } from "piscina";

const pool = new Piscina({
  filename: new URL("tasks.mjs", import.meta.url).href,
  minThreads: 2,
  maxThreads: 2,
});
const map = (name, inputs) => Promise.all(inputs.map((input) => pool.run(input, { name })));

async function time(row, work) {
  const times = [];
  for (let i = 0; i < 3 + 5; i++) {
    const began = performance.now();
    await work();
    times.push(performance.now() - began);
  }
  console.log(JSON.stringify({ row: `${row}, first call (ms)`, value: times[0] }));
  console.log(JSON.stringify({ row: `${row} (ms)`, value: times.slice(3).sort((a, b) => a - b)[2] }));
}

const many = Array.from({ length: 10_000 }, (_, i) => i);
const arrays = Array.from({ length: 100 }, (_, i) => new Float64Array(125_000).fill(i));
const trials = Array.from({ length: 6 }, (_, i) => 10 ** (i + 1));

await time("10,000 tasks x + 1, one by one", () => map("increment", many));
await time("1,000 tasks of 1 ms", () => map("busy", many.slice(0, 1000)));
await time("100 tasks with 1 MB of doubles", () => map("ends", arrays));
await time("pi with 10^1 to 10^6 trials", () => map("piRun", trials));
await pool.destroy();
