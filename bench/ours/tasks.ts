import type { Communicator } from "tsmpi";

/** The tasks of the maps, as in `peers/tasks.py`, and how they are timed. */
export const many: readonly number[] = Array.from({ length: 10_000 }, (_, i) => i);
export const trials: readonly number[] = Array.from({ length: 6 }, (_, i) => 10 ** (i + 1));

export function arrays(): Float64Array[] {
  return Array.from({ length: 100 }, (_, i) => new Float64Array(125_000).fill(i));
}

export function increment(x: number): number {
  return x + 1;
}

export function busy(x: number): number {
  const end = performance.now() + 1;
  while (performance.now() < end);
  return x;
}

/** Almost no work, in all languages: the row measures the transport of the array. */
export function ends(array: Float64Array): number {
  return (array[0] as number) + (array.at(-1) as number);
}

export function piRun(trials: number): number {
  let hits = 0;
  for (let i = 0; i < trials; i++) {
    const x = Math.random();
    const y = Math.random();
    if (x * x + y * y < 1) hits++;
  }
  return (4 * hits) / trials;
}

/** Milliseconds of the first call, before the JIT compiler has run, and the median of five calls after three more. */
export async function time(
  { rank }: Communicator,
  row: string,
  map: () => Promise<unknown>,
  between?: () => Promise<void>,
): Promise<void> {
  const times: number[] = [];
  for (let i = 0; i < 3 + 5; i++) {
    await between?.();
    const began = performance.now();
    await map();
    times.push(performance.now() - began);
  }
  if (rank !== 0) return;
  console.log(JSON.stringify({ row: `${row}, first call (ms)`, value: times[0] }));
  console.log(JSON.stringify({ row: `${row} (ms)`, value: times.slice(3).sort((a, b) => a - b)[2] }));
}
