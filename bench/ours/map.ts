import { init } from "tsmpi";

/** Milliseconds for a map over all ranks; the rows of each peer's map program. Medians of nine, after five that do not count: for JIT compilers. */
const world = await init();

async function time(row: string, map: () => Promise<unknown>): Promise<void> {
  const times: number[] = [];
  for (let i = 0; i < 14; i++) {
    await world.barrier();
    const began = performance.now();
    await map();
    times.push(performance.now() - began);
  }
  const value = times.slice(5).sort((a, b) => a - b)[4];
  if (world.rank === 0) console.log(JSON.stringify({ row: `${row} (ms)`, value }));
}

const increment = (x: number): number => x + 1;

function busy(x: number): number {
  const end = performance.now() + 1;
  while (performance.now() < end);
  return x;
}

/** Next to no work, in all languages: the row is about moving the array. */
function ends(array: Float64Array): number {
  return (array[0] as number) + (array.at(-1) as number);
}

function piRun(trials: number): number {
  let hits = 0;
  for (let i = 0; i < trials; i++) {
    const x = Math.random();
    const y = Math.random();
    if (x * x + y * y < 1) hits++;
  }
  return (4 * hits) / trials;
}

const many = Array.from({ length: 10_000 }, (_, i) => i);
const arrays = Array.from({ length: 100 }, (_, i) => new Float64Array(125_000).fill(i));
const trials = Array.from({ length: 6 }, (_, i) => 10 ** (i + 1));

await time("10,000 tasks x + 1", () => world.map(increment, many));
await time("10,000 tasks x + 1, one by one", () => world.map(increment, many, { chunkSize: 1 }));
await time("1,000 tasks of 1 ms", () => world.map(busy, many.slice(0, 1000)));
await time("100 tasks with 1 MB of doubles", () => world.map(ends, arrays));
await time("pi with 10^1 to 10^6 trials", () => world.map(piRun, trials));
