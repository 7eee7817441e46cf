// Pi by throwing darts: of random points in the unit square, pi / 4 lie within a quarter of a circle.
//
//     tsmpi run -n 8 pi.ts              10, 100, ... 10^8 trials
//     tsmpi run -n 8 pi.ts 9            up to 10^9
//     tsmpi run -n 8 pi.ts 8 2024       with another seed
//
// It throws all the darts twice, in one process and shared out, and compares the times. 10^8 trials take one process about
// a second. Much fewer would measure only the start of the ranks.
import { availableParallelism } from "node:os";
import { init } from "tsmpi";

/**
 * Uniform numbers from 0 to 1, the same for the same seed (Math.random cannot be seeded): the generator sfc32 of the
 * PractRand test suite. `stream` gives each batch of darts numbers of its own, whichever rank throws it: so the estimates
 * depend on the seed alone, not on how many ranks there are.
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

/** Some of the darts of one estimate. */
interface Batch {
  darts: number;
  seed: number;
  stream: number;
}

function countHits({ darts, seed, stream }: Batch): number {
  const random = randomNumbers(seed, stream);
  let hits = 0;
  for (let i = 0; i < darts; i++) {
    const x = random();
    const y = random();
    if (x * x + y * y < 1) hits++;
  }
  return hits;
}

await using world = await init();
const [exponent = "8", seed = "1"] = process.argv.slice(2);
const trials = Array.from({ length: Number(exponent) }, (_, i) => 10 ** (i + 1));

// What is shared out. Handing out whole numbers of trials instead would leave nine tenths of all darts to the one rank
// that gets the largest.
const largest = 250_000;
const batches = trials.flatMap((n) => Array.from({ length: Math.ceil(n / largest) }, () => Math.min(n, largest)));
const inputs = batches.map((darts, stream): Batch => ({ darts, seed: Number(seed), stream }));

/** The hits of all batches, batch after batch, as estimates of pi. */
function estimates(hits: number[]): number[] {
  const counts = hits.values();
  return trials.map((n) => {
    let sum = 0;
    for (let darts = 0; darts < n; darts += largest) sum += counts.next().value ?? 0;
    return (4 * sum) / n;
  });
}

// CPUs of all hosts: each rank names its host, and a host that is named twice counts once.
const cpusOfHosts = new Map(await world.allgather<[string, number]>([world.host, availableParallelism()]));
const cpus = [...cpusOfHosts.values()].reduce((a, b) => a + b);

// A first round on every rank is not timed: until V8 has compiled the loop, it is slow.
for (let i = 0; i < 4; i++) countHits({ darts: largest, seed: 0, stream: world.rank });
await world.barrier();

// Once in one process: rank 0 throws all the darts, the others wait at the barrier.
let start = performance.now();
const alone = world.rank === 0 ? estimates(inputs.map(countHits)) : [];
const aloneMs = performance.now() - start;
await world.barrier();

// Once over all ranks: rank 0 hands out the batches, and takes its share.
start = performance.now();
const hits = await world.map(countHits, inputs);
const togetherMs = performance.now() - start;

if (hits) {
  const line = (...cells: string[]): void => console.log(cells.map((cell) => cell.padStart(14)).join(""));
  line("trials", "one process", `${world.size} ranks`);
  estimates(hits).forEach((pi, i) => line(String(trials[i]), alone[i]!.toFixed(6), pi.toFixed(6)));
  line("time (s)", (aloneMs / 1000).toFixed(3), (togetherMs / 1000).toFixed(3));
  line("speed-up", "", (aloneMs / togetherMs).toFixed(2));
  console.log(
    `${batches.reduce((a, b) => a + b)} darts, thrown twice: by one process, and by ${world.size} ranks on ${cpus} CPUs`,
  );
}
