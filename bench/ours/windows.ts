import { init, sum } from "tsmpi";
import { report } from "./report.ts";

/**
 * One-sided calls of rank 0 to the part of rank 1, which waits in a fence. The same rows, in the same order and with the same
 * repetitions, as `peers/mpi4py/windows.py`. There each call is followed by a flush, here those that need one.
 */
const world = await init();
const target = 1;
const far = (await world.splitShared()).size < world.size;
const often = far ? 500 : 20_000;

const doubles = await world.window(Float64Array, 1 << 17);
const integers = await world.window(BigInt64Array, 1);

async function row(name: string, repetitions: number, call: () => Promise<unknown>): Promise<void> {
  await doubles.fence();
  if (world.rank === 0) {
    const batch = async (count: number): Promise<number> => {
      const began = performance.now();
      for (let i = 0; i < count; i++) await call();
      return ((performance.now() - began) * 1000) / count;
    };
    report(`${name}, first 100 (us)`, await batch(100));
    const values: number[] = [];
    for (let i = 0; i < 5; i++) values.push(await batch(repetitions));
    report(`${name} (us)`, values.sort((x, y) => x - y)[2] as number);
  }
  await doubles.fence();
}

for (const [name, length, repetitions] of [
  ["8 B", 1, often],
  ["8 KiB", 1024, often],
  ["1 MiB", 1 << 17, often / 200],
] as const) {
  const array = new Float64Array(length);
  const count = Math.max(10, repetitions);
  await row(`get ${name}`, count, () => doubles.get({ target, into: array }));
  await row(`put ${name}`, count, async () => {
    await doubles.put(array, { target });
    await doubles.flush({ target });
  });
  await row(`accumulate ${name}`, count, async () => {
    await doubles.accumulate(array, sum, { target });
    await doubles.flush({ target });
  });
}
await row("fetchAndOp, a double", often, () => doubles.fetchAndOp(1, sum, { target }));
await row("fetchAndOp, 64-bit integer", often, () => integers.fetchAndOp(1n, sum, { target }));
await row("compareAndSwap, 64-bit integer", often, () =>
  integers.compareAndSwap({ expected: 0n, replacement: 0n }, { target }),
);
await row("lock and release", often / 10, async () => (await doubles.lock({ target })).release());
await integers.close();
await doubles.close();
