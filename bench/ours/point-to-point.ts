import { type Communicator, init } from "tsmpi";

/**
 * Round trips and one-way streams between ranks 0 and 1; one line of JSON per row. The same rows, in the same order and
 * with the same repetitions, as `peers/mpi4py/point-to-point.py`.
 */
const world = await init();
const other = 1 - world.rank;
const small = { id: 1, name: "particle", position: [0.5, 1.5, 2.5] };

function report(row: string, value: number): void {
  if (world.rank === 0) console.log(JSON.stringify({ row, value }));
}

/** Microseconds per round trip. */
async function roundTrip(comm: Communicator, value: unknown, repetitions: number): Promise<number> {
  const into = ArrayBuffer.isView(value) ? { into: new Uint8Array((value as Uint8Array).length) } : {};
  let began = 0;
  for (let i = -Math.ceil(repetitions / 10); i < repetitions; i++) {
    if (i === 0) began = performance.now();
    if (comm.rank === 0) {
      void comm.send(value, { dest: other });
      await comm.recv({ source: other, ...into });
    } else {
      await comm.recv({ source: other, ...into });
      await comm.send(value, { dest: other });
    }
  }
  return ((performance.now() - began) * 1000) / repetitions;
}

/** Messages per second from rank 0 to rank 1, the last of them answered. */
async function oneWay(comm: Communicator, value: unknown, repetitions: number): Promise<number> {
  await comm.barrier();
  const began = performance.now();
  if (comm.rank === 0) {
    for (let i = 0; i < repetitions; i++) await comm.send(value, { dest: other });
    await comm.recv({ source: other });
  } else {
    for (let i = 0; i < repetitions; i++) await comm.recv({ source: other });
    await comm.send(null, { dest: other });
  }
  return repetitions / ((performance.now() - began) / 1000);
}

report("object, round trip (us)", await roundTrip(world, small, 5000));
for (const [name, bytes, repetitions] of [
  ["8 B", 8, 5000],
  ["1 KiB", 1024, 5000],
  ["64 KiB", 65536, 1000],
  ["1 MiB", 1 << 20, 200],
  ["64 MiB", 64 << 20, 5],
] as const) {
  report(`buffer of ${name}, round trip (us)`, await roundTrip(world, new Uint8Array(bytes), repetitions));
}
report("objects, one way (per s)", await oneWay(world, small, 50_000));
report("buffers of 8 B, one way (per s)", await oneWay(world, new Uint8Array(8), 50_000));
