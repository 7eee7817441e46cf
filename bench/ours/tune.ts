import { type Communicator, init, sum } from "tsmpi";

/**
 * Microseconds of one collective over sizes, with the algorithm that the environment selects:
 * `tune.ts OPERATION BYTES,BYTES,...`. The bytes are those of each rank's part, or of the array that is cut.
 */
const [operation = "", sizes = ""] = process.argv.slice(2);
const world = await init();

type Call = (world: Communicator, part: Float64Array, into: Float64Array) => Promise<unknown>;

const calls: { readonly [operation: string]: Call } = {
  barrier: (world) => world.barrier(),
  bcast: (world, part) => world.bcast(part),
  scatter: (world, part) => world.scatter(new Array<Float64Array>(world.size).fill(part)),
  gather: (world, part) => world.gather(part),
  allgather: (world, part) => world.allgather(part),
  alltoall: (world, part) => world.alltoall(new Array<Float64Array>(world.size).fill(part)),
  reduce: (world, part) => world.reduce(part, sum),
  allreduce: (world, part, into) => world.allreduce(part, sum, { into }),
  reduceScatter: (world, part) => world.reduceScatter(new Array<Float64Array>(world.size).fill(part), sum),
  scan: (world, part) => world.scan(part, sum),
  exscan: (world, part) => world.exscan(part, sum),
};

const call = calls[operation];
if (call === undefined) throw new Error(`${operation} is none of ${Object.keys(calls).join(", ")}`);

/** Milliseconds of some calls, up to the last rank's end. */
async function batch(collective: () => Promise<unknown>, repetitions: number): Promise<number> {
  await world.barrier();
  const began = performance.now();
  for (let i = 0; i < repetitions; i++) await collective();
  await world.barrier();
  return performance.now() - began;
}

for (const bytes of sizes.split(",").map(Number)) {
  const [part, into] = [new Float64Array(bytes / 8), new Float64Array(bytes / 8)];
  const collective = (): Promise<unknown> => call(world, part, into);
  // 1,000 calls, or half a second of them, to warm up; then a tenth of a second's worth, as rank 0 counts it.
  let [ms, done] = [0, 0];
  do {
    ms = await batch(collective, 50);
    done += 50;
  } while (await world.bcast(done < 1000 && ms * (done / 50) < 500));
  const repetitions = await world.bcast(Math.min(1000, Math.max(20, Math.round(100 / (ms / 50)))));
  const times = [];
  for (let i = 0; i < 3; i++) times.push(((await batch(collective, repetitions)) * 1000) / repetitions);
  const value = times.sort((a, b) => a - b)[1];
  if (world.rank === 0) console.log(JSON.stringify({ row: String(bytes), value }));
}
