// Pi by throwing darts: of random points in the unit square, pi / 4 lie within a quarter of a circle.
//
//     tsmpi run -n 8 pi.ts              10, 100, ... 10^7 trials
//     tsmpi run -n 8 pi.ts 9            up to 10^9
//     tsmpi run -n 8 pi.ts 7 2024       with another seed
import { init, sum } from "tsmpi";

/**
 * Uniform numbers from 0 to 1, the same for the same seed (Math.random cannot be seeded): the generator sfc32 of the
 * PractRand test suite. `stream` gives each rank numbers of its own: with one stream for all, every rank would throw the
 * same darts.
 */
function randomNumbers(seed: number, stream: number): () => number {
  const s = Int32Array.of(0, seed, stream, 1) as unknown as [number, number, number, number]; // arithmetic of 32 bits
  const next = (): number => {
    const random = (s[0] + s[1] + s[3]) >>> 0;
    s[3]++;
    s[0] = s[1] ^ (s[1] >>> 9);
    s[1] = s[2] + (s[2] << 3);
    s[2] = ((s[2] << 21) | (s[2] >>> 11)) + random;
    return random / 2 ** 32;
  };
  for (let i = 0; i < 15; i++) next(); // until the seed has reached every bit of the state
  return next;
}

function countHits(trials: number, random: () => number): number {
  let hits = 0;
  for (let i = 0; i < trials; i++) {
    const x = random();
    const y = random();
    if (x * x + y * y < 1) hits++;
  }
  return hits;
}

await using world = await init();
const [exponent = "7", seed = "1"] = process.argv.slice(2);
const trials = Array.from({ length: Number(exponent) }, (_, i) => 10 ** (i + 1));
const estimate = (hits: number, i: number): number => (4 * hits) / trials[i]!;

// A first round that nobody times: until V8 has compiled the loops, they are slow.
countHits(200_000, randomNumbers(0, world.rank));
await world.barrier();

// Once in one process: rank 0 throws all the darts, the others wait at the barrier.
let start = performance.now();
let random = randomNumbers(Number(seed), 0);
const alone = world.rank === 0 ? trials.map((n) => countHits(n, random)).map(estimate) : [];
const aloneMs = performance.now() - start;
await world.barrier();

// Once over all ranks. Each number of trials is split: handing out whole numbers of trials instead would leave nine
// tenths of all darts to the one rank that gets the largest.
start = performance.now();
random = randomNumbers(Number(seed), world.rank);
const share = (n: number): number => Math.floor(n / world.size) + (world.rank < n % world.size ? 1 : 0);
const mine = trials.map((n) => countHits(share(n), random));
const hits = await world.reduce(mine, sum); // arrays of equal length are added entry by entry
const togetherMs = performance.now() - start;

if (hits) {
  const line = (...cells: string[]): void => console.log(cells.map((cell) => cell.padStart(14)).join(""));
  line("trials", "one process", `${world.size} ranks`);
  hits.map(estimate).forEach((pi, i) => line(String(trials[i]), alone[i]!.toFixed(6), pi.toFixed(6)));
  line("time (s)", (aloneMs / 1000).toFixed(3), (togetherMs / 1000).toFixed(3));
  line("speed-up", "", (aloneMs / togetherMs).toFixed(2));
}
