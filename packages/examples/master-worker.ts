// A master hands out jobs of unequal size, one at a time: whoever is done gets the next. Here a job is to count the
// primes in a range, which takes the longer the larger the numbers are.
import { init } from "tsmpi";

const limit = 200_000;
const step = 5_000;

interface Job {
  from: number;
  to: number;
}

/** What a message means is told by its tag. */
const tags = { ready: 1, done: 2, job: 3, stop: 4 } as const;

function countPrimes({ from, to }: Job): number {
  let count = 0;
  for (let n = Math.max(from, 2); n < to; n++) {
    let divisor = 2;
    while (divisor * divisor <= n && n % divisor !== 0) divisor++;
    if (divisor * divisor > n) count++;
  }
  return count;
}

await using world = await init();

/** Answers every message of a worker with the next job, until none is left. */
async function master(jobs: Job[]): Promise<number[]> {
  const counts: number[] = [];
  let working = world.size - 1;
  for await (const { data, source, tag } of world.messages()) {
    if (tag === tags.done) counts.push(data as number);
    const job = jobs.shift();
    await world.send(job, { dest: source, tag: job ? tags.job : tags.stop });
    if (!job && --working === 0) break;
  }
  return counts;
}

/** Asks for jobs. A probe tells what the next message means, by its tag, before it is received. */
async function worker(): Promise<void> {
  await world.send(undefined, { dest: 0, tag: tags.ready });
  let next = await world.probe({ source: 0 });
  while (next.tag === tags.job) {
    const job = await world.recv<Job>({ probed: next });
    await world.send(countPrimes(job), { dest: 0, tag: tags.done });
    next = await world.probe({ source: 0 });
  }
  await world.recv({ probed: next }); // the word to stop
}

if (world.rank === 0) {
  const jobs = Array.from({ length: limit / step }, (_, i) => ({ from: i * step, to: (i + 1) * step }));
  const counts = world.size === 1 ? jobs.map(countPrimes) : await master(jobs); // without workers, the master works
  console.log(`${counts.reduce((total, count) => total + count)} primes below ${limit}`);
} else {
  await worker();
}
