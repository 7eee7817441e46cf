import { init, sum } from "tsmpi";
import { report, sizeName } from "./report.ts";

/**
 * One loop of the OSU micro-benchmarks, written like its C original: for each size some calls that do not count, then some
 * that do, in a fresh process. Collectives are timed one by one, with a barrier after each. With four ranks `latency` and `bibw`
 * run two pairs at once, as OSU's multi_lat does. The twin of `peers/mpi4py/loops.py`.
 *
 *     loops.ts <operation> <iterations> <warm-up> <sizes in bytes, separated by commas>
 */
await using world = await init();
const { rank, size } = world;
const [operation = "", iterationsText, warmUpText, sizesText = ""] = process.argv.slice(2);
const [iterations, warmUp] = [Number(iterationsText), Number(warmUpText)];
const sizes = sizesText.split(",").map(Number);
/** The other rank of this rank's pair. */
const other = rank ^ 1;
const isFirst = rank % 2 === 0;
/** Messages in flight of `bibw`, as in OSU. */
const windowLength = 64;
const us = (): number => performance.now() * 1000;

/** Looks at three elements: a look at all would be compiled, and V8's threads would disturb the next loop. */
function expectAll(array: ArrayLike<number> | undefined, expected: number): void {
  if (array === undefined) return;
  for (const at of [0, array.length >> 1, array.length - 1]) {
    if (array[at] !== expected) throw new Error(`${operation}: element ${at} is ${array[at]} instead of ${expected}`);
  }
}

/** Microseconds one way. */
async function latency(bytes: number): Promise<number> {
  const [out, into] = [new Uint8Array(bytes).fill(97), new Uint8Array(bytes)];
  await world.barrier();
  let start = 0;
  for (let i = 0; i < iterations + warmUp; i++) {
    if (i === warmUp) start = us();
    if (isFirst) {
      await world.send(out, { dest: other, tag: 1 });
      await world.recv({ source: other, tag: 1, into });
    } else {
      await world.recv({ source: other, tag: 1, into });
      await world.send(out, { dest: other, tag: 1 });
    }
  }
  const time = (us() - start) / (2 * iterations);
  expectAll(into, 97);
  return time;
}

/** MB/s of both directions together. Above 8 KiB a fifth of the iterations, as in OSU. */
async function bidirectional(bytes: number): Promise<number> {
  const [counted, uncounted] = bytes > 8192 ? [iterations / 5, warmUp / 5] : [iterations, warmUp];
  const [out, into, ack] = [new Uint8Array(bytes).fill(97), new Uint8Array(bytes), new Uint8Array(4)];
  await world.barrier();
  let start = 0;
  for (let i = 0; i < counted + uncounted; i++) {
    if (i === uncounted) start = us();
    const pending: Promise<unknown>[] = [];
    for (let w = 0; w < windowLength; w++) pending.push(world.recv({ source: other, tag: 100, into }));
    for (let w = 0; w < windowLength; w++) pending.push(world.send(out, { dest: other, tag: 100 }));
    await Promise.all(pending);
    if (isFirst) await world.recv({ source: other, tag: 101, into: ack });
    else await world.send(ack, { dest: other, tag: 101 });
  }
  const rate = (2 * bytes * counted * windowLength) / (us() - start);
  expectAll(into, 97);
  return rate;
}

/** The mean of all ranks' microseconds in a call. */
async function timed(call: () => Promise<unknown>): Promise<number> {
  await world.barrier();
  let total = 0;
  for (let i = 0; i < iterations + warmUp; i++) {
    const start = us();
    await call();
    if (i >= warmUp) total += us() - start;
    await world.barrier();
  }
  return (await world.allreduce(total, sum)) / iterations / size;
}

interface Collective {
  readonly call: () => Promise<unknown>;
  /** What the call fills at this rank, and with what. */
  readonly into: ArrayLike<number> | undefined;
  readonly expected: number;
}

const bytesOf = (length: number): Uint8Array => new Uint8Array(length).fill(97);
const pieces = (of: Uint8Array): Uint8Array[] =>
  Array.from({ length: size }, (_, r) => of.subarray((r * of.length) / size, ((r + 1) * of.length) / size));

const collectives: Readonly<Record<string, (bytes: number) => Collective>> = {
  allreduce: (bytes) => {
    const [x, into] = [new Float32Array(bytes / 4).fill(1), new Float32Array(bytes / 4)];
    return { call: () => world.allreduce(x, sum, { into }), into, expected: size };
  },
  reduce: (bytes) => {
    const [x, into] = [new Float32Array(bytes / 4).fill(1), rank === 0 ? new Float32Array(bytes / 4) : undefined];
    return { call: () => world.reduce(x, sum, { into }), into, expected: size };
  },
  bcast: (bytes) => {
    const into = rank === 0 ? bytesOf(bytes) : new Uint8Array(bytes);
    return { call: () => world.bcast(into, { into }), into, expected: 97 };
  },
  allgather: (bytes) => {
    const [x, into] = [bytesOf(bytes), new Uint8Array(bytes * size)];
    return { call: () => world.allgather(x, { into }), into, expected: 97 };
  },
  alltoall: (bytes) => {
    const [parts, into] = [pieces(bytesOf(bytes * size)), new Uint8Array(bytes * size)];
    return { call: () => world.alltoall(parts, { into }), into, expected: 97 };
  },
  gather: (bytes) => {
    const [x, into] = [bytesOf(bytes), rank === 0 ? new Uint8Array(bytes * size) : undefined];
    return { call: () => world.gather(x, { into }), into, expected: 97 };
  },
  scatter: (bytes) => {
    const [parts, into] = [rank === 0 ? pieces(bytesOf(bytes * size)) : undefined, new Uint8Array(bytes)];
    return { call: () => world.scatter(parts, { into }), into, expected: 97 };
  },
};

async function collective(bytes: number): Promise<number> {
  const { call, into, expected } = collectives[operation]!(bytes);
  const time = await timed(call);
  expectAll(into, expected);
  return time;
}

/** The measure of an operation at a size; the one of `barrier` ignores the size. */
function measureOf(): (bytes: number) => Promise<number> {
  if (operation === "latency") return latency;
  if (operation === "bibw") return bidirectional;
  if (operation === "barrier") return () => timed(() => world.barrier());
  if (operation in collectives) return collective;
  throw new Error(`no operation ${operation}`);
}

const measure = measureOf();
const values: number[] = [];
for (const bytes of sizes) values.push(await measure(bytes));
const unit = operation === "bibw" ? "MB/s" : "us";
const rowOf = (bytes: number): string => (operation === "barrier" ? operation : `${operation} of ${sizeName(bytes)}`);
if (rank === 0) for (const [i, bytes] of sizes.entries()) report(`${rowOf(bytes)} (${unit})`, values[i]!);
