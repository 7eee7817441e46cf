import { init, max, sum } from "tsmpi";
import { report } from "../report.ts";
import { powerOf, Sequence, times } from "./nas-random.ts";

/**
 * NAS Parallel Benchmarks, IS. Integers are ranked: sorted into buckets, the buckets dealt out to ranks so that each rank gets
 * about as many keys, and the keys sent there by an alltoall of parts of different lengths. Checks the ranks of five keys in each of
 * ten iterations, and the order of all keys at the end. The twin of `peers/mpi4py/kernels/npb-is.py`.
 *
 *     npb-is.ts <class>
 */
interface Size {
  /** Base-2 logarithms of the numbers of keys, of their values and of buckets. */
  readonly keys: number;
  readonly values: number;
  readonly buckets: number;
  /** Indices of the keys that are checked, and NPB's ranks of them. */
  readonly at: readonly number[];
  readonly ranks: readonly number[];
  /** What an iteration adds to the rank of the i-th of these keys. */
  readonly moved: (i: number, iteration: number) => number;
}

const classes: Readonly<Record<string, Size>> = {
  S: {
    keys: 16,
    values: 11,
    buckets: 9,
    at: [48427, 17148, 23627, 62548, 4431],
    ranks: [0, 18, 346, 64917, 65463],
    moved: (i, iteration) => (i <= 2 ? iteration : -iteration),
  },
  W: {
    keys: 20,
    values: 16,
    buckets: 10,
    at: [357773, 934767, 875723, 898999, 404505],
    ranks: [1249, 11698, 1039987, 1043896, 1048018],
    moved: (i, iteration) => (i < 2 ? iteration - 2 : -iteration),
  },
};
const iterations = 10;

function count(keys: Int32Array, shift: number, counts: Int32Array): void {
  for (let i = 0; i < keys.length; i++) counts[keys[i]! >> shift]!++;
}

/** `next` has the start of each bucket before, and its end after. */
function intoBuckets(keys: Int32Array, shift: number, next: Int32Array, sorted: Int32Array): void {
  for (let i = 0; i < keys.length; i++) {
    const key = keys[i]!;
    sorted[next[key >> shift]!++] = key;
  }
}

/** How many of `keys` are at most low + i, for each i. */
function countUpTo(keys: Int32Array, low: number, upTo: Int32Array): void {
  upTo.fill(0);
  for (let i = 0; i < keys.length; i++) upTo[keys[i]! - low]!++;
  for (let i = 1; i < upTo.length; i++) upTo[i]! += upTo[i - 1]!;
}

await using world = await init();
const { rank, size: ranks } = world;
const name = process.argv[2] ?? "S";
const size = classes[name]!;
const [total, values, buckets] = [2 ** size.keys, 2 ** size.values, 2 ** size.buckets];
const shift = size.values - size.buckets;
const own = total / ranks;

// Each key is the mean of four numbers; each rank makes its share.
const keys = new Int32Array(own);
const a = 5 ** 13;
const sequence = new Sequence(times(powerOf(a, 4 * own * rank), 314159265), a);
for (let i = 0; i < own; i++) {
  keys[i] = Math.floor((values / 4) * (sequence.next() + sequence.next() + sequence.next() + sequence.next()));
}

const probes = size.at.length;
const counts = new Int32Array(buckets + probes);
const totals = new Int32Array(buckets + probes);
const next = new Int32Array(buckets);
const sorted = new Int32Array(own);
const received = new Int32Array(Math.ceil((ranks === 1 ? 1 : 1.5) * own) + 16);
const outgoing = new Int32Array(ranks);
const incoming = new Int32Array(ranks);
const lengths = Array.from({ length: ranks }, (_, r) => outgoing.subarray(r, r + 1));
const firstBucket = new Int32Array(ranks + 1);
const upToAll = new Int32Array(values);
let passed = 0;

/** Gives each rank buckets until the ranks up to it have their share. */
function dealOut(): void {
  firstBucket.fill(buckets, 1);
  let [seen, r] = [0, 0];
  for (let i = 0; i < buckets; i++) {
    seen += totals[i]!;
    if (r < ranks && seen >= (r + 1) * own) firstBucket[++r] = i + 1;
  }
  firstBucket[ranks] = buckets;
}

/** Ranks all keys once. */
async function rankAll(iteration: number): Promise<{ mine: Int32Array; upTo: Int32Array; low: number }> {
  if (rank === 0) {
    keys[iteration] = iteration;
    keys[iteration + iterations] = values - iteration;
  }
  counts.fill(0);
  size.at.forEach((at, i) => {
    if (Math.floor(at / own) === rank) counts[buckets + i] = keys[at % own]!;
  });
  count(keys, shift, counts);
  next[0] = 0;
  for (let i = 1; i < buckets; i++) next[i] = next[i - 1]! + counts[i - 1]!;
  intoBuckets(keys, shift, next, sorted);
  await world.allreduce(counts, sum, { into: totals });
  dealOut();
  const startOf = (bucket: number): number => (bucket === 0 ? 0 : next[bucket - 1]!);
  const parts = lengths.map((_, r) => sorted.subarray(startOf(firstBucket[r]!), startOf(firstBucket[r + 1]!)));
  parts.forEach((part, r) => {
    outgoing[r] = part.length;
  });
  await world.alltoall(lengths, { into: incoming });
  await world.alltoall(parts, { into: received });
  const mine = received.subarray(
    0,
    incoming.reduce((t, x) => t + x, 0),
  );
  const low = firstBucket[rank]! << shift;
  const upTo = upToAll.subarray(0, (firstBucket[rank + 1]! << shift) - low);
  countUpTo(mine, low, upTo);
  checkProbes(iteration, low, upTo);
  return { mine, upTo, low };
}

function checkProbes(iteration: number, low: number, upTo: Int32Array): void {
  let lesser = 0;
  for (let i = 0; i < firstBucket[rank]!; i++) lesser += totals[i]!;
  for (let i = 0; i < probes; i++) {
    const key = totals[buckets + i]!;
    if (key < low || key >= low + upTo.length) continue;
    const found = (key === low ? 0 : upTo[key - 1 - low]!) + lesser;
    if (found === size.ranks[i]! + size.moved(i, iteration)) passed++;
  }
}

await rankAll(1); // not timed
passed = 0;
await world.barrier();
const start = performance.now();
let last = await rankAll(1);
for (let iteration = 2; iteration <= iterations; iteration++) last = await rankAll(iteration);
const ms = await world.allreduce(performance.now() - start, max);

// The order of all keys: within this rank, and from the rank before to this one.
const { mine, upTo, low } = last;
const order = new Int32Array(mine.length);
for (const key of mine) order[--upTo[key - low]!] = key;
const ends = await world.allgather([order.at(0), order.at(-1)] as const);
const [previous] = ends[rank - 1]?.slice(1) ?? [undefined];
let inOrder = previous === undefined || order[0] === undefined || previous <= order[0];
for (let i = 1; i < order.length; i++) if (order[i - 1]! > order[i]!) inOrder = false;
const verified = await world.allreduce(passed + (inOrder ? 1 : 0), sum);
if (verified !== probes * iterations + ranks) throw new Error(`wrong ranks: ${verified} checks passed`);
if (rank === 0) report(`NAS IS, class ${name} (s)`, ms / 1000);
