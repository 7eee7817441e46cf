import { init } from "tsmpi";

/**
 * Round trips and one-way streams between ranks 0 and 1; one line of JSON per row. The same rows, in the same order and
 * with the same repetitions, as `peers/mpi4py/point-to-point.py`.
 *
 * Cold and hot rows: a program of a second sees only the cold numbers, a program of an hour the hot ones.
 */
const world = await init();
const other = 1 - world.rank;
const small = { id: 1, name: "particle", position: [0.5, 1.5, 2.5] };

const sizes = [
  { name: "8 B", bytes: 8, repetitions: 5000 },
  { name: "1 KiB", bytes: 1024, repetitions: 5000 },
  { name: "64 KiB", bytes: 65536, repetitions: 1000 },
  { name: "1 MiB", bytes: 1 << 20, repetitions: 200 },
  { name: "64 MiB", bytes: 64 << 20, repetitions: 5 },
];

function report(row: string, value: number): void {
  if (world.rank === 0) console.log(JSON.stringify({ row, value }));
}

/** Microseconds per round trip. */
async function roundTrip(value: unknown, repetitions: number): Promise<number> {
  const into = ArrayBuffer.isView(value) ? { into: new Uint8Array(value.byteLength) } : {};
  const began = performance.now();
  for (let i = 0; i < repetitions; i++) {
    if (world.rank === 0) {
      void world.send(value, { dest: other });
      await world.recv({ source: other, ...into });
    } else {
      await world.recv({ source: other, ...into });
      await world.send(value, { dest: other });
    }
  }
  return ((performance.now() - began) * 1000) / repetitions;
}

/** The median of three batches, after a second of uncounted ones (25 at most): V8 compiles code for each size. */
async function hot(measure: () => Promise<number>): Promise<number> {
  const end = performance.now() + 1000;
  for (let i = 0; i < 25; i++) {
    await measure();
    if (!(await world.bcast(performance.now() < end))) break; // rank 0's clock decides for both
  }
  const values: number[] = [];
  for (let i = 0; i < 3; i++) values.push(await measure());
  return values.sort((x, y) => x - y)[1] as number;
}

/** Messages per second from rank 0 to rank 1, up to the answer to the last one. */
async function oneWay(value: unknown, repetitions: number): Promise<number> {
  await world.barrier();
  const began = performance.now();
  if (world.rank === 0) {
    for (let i = 0; i < repetitions; i++) await world.send(value, { dest: other });
    await world.recv({ source: other });
  } else {
    for (let i = 0; i < repetitions; i++) await world.recv({ source: other });
    await world.send(null, { dest: other });
  }
  return repetitions / ((performance.now() - began) / 1000);
}

/** Microseconds of an iprobe at rank 0 that finds no message. */
async function vainLooks(repetitions: number): Promise<number> {
  const began = performance.now();
  if (world.rank === 0) for (let i = 0; i < repetitions; i++) await world.iprobe({ source: other });
  const us = ((performance.now() - began) * 1000) / repetitions;
  await world.barrier();
  return us;
}

// Both ranks are connected; nothing else is compiled or warm.
await world.barrier();
report("object, first 1,000 round trips (us)", await roundTrip(small, 1000));

await roundTrip(small, 20_000);
await roundTrip(new Uint8Array(8), 20_000);

report("object, round trip (us)", await hot(() => roundTrip(small, 5000)));
for (const { name, bytes, repetitions } of sizes) {
  const value = new Uint8Array(bytes);
  const us = await hot(() => roundTrip(value, repetitions));
  report(`buffer of ${name}, round trip (us)`, us);
  if (bytes >= 1 << 20) report(`buffer of ${name}, both ways (GB/s)`, (2 * bytes) / us / 1000);
}
report("iprobe that finds nothing (us)", await hot(() => vainLooks(5000)));
report("objects, one way (per s)", await hot(() => oneWay(small, 50_000)));
report("buffers of 8 B, one way (per s)", await hot(() => oneWay(new Uint8Array(8), 50_000)));
