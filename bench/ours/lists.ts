/** Lengths of tasks in milliseconds, as in `peers/lists.py`: what makes schedules go wrong. */
export const lists: { readonly [name: string]: readonly number[] } = {
  "40 x 50": repeat(40, 50),
  "100 x 0, then 10 x 200": [...repeat(100, 0), ...repeat(10, 200)],
  "10 x 200, then 100 x 0": [...repeat(10, 200), ...repeat(100, 0)],
  "40, of the first 8 every second 300, else 10": Array.from({ length: 40 }, (_, i) =>
    i < 8 && i % 2 === 0 ? 300 : 10,
  ),
  "3 x 300": repeat(3, 300),
  "400, 10, 400, 7 x 10": [400, 10, 400, ...repeat(7, 10)],
  "500 x 2": repeat(500, 2),
  "600, then 60 x 20": [600, ...repeat(60, 20)],
  "60 x 20, then 600": [...repeat(60, 20), 600],
  "60, rising from 0 to 59": Array.from({ length: 60 }, (_, i) => i),
  "60, falling from 59 to 0": Array.from({ length: 60 }, (_, i) => 59 - i),
};

/** What the greedy list schedule takes: the worker that is free first takes the next task. */
export function greedyMs(lengths: readonly number[], workers: number): number {
  const free = new Array<number>(workers).fill(0);
  for (const ms of lengths) {
    const first = free.indexOf(Math.min(...free));
    free[first] = (free[first] as number) + ms;
  }
  return Math.max(...free);
}

function repeat(count: number, ms: number): number[] {
  return new Array<number>(count).fill(ms);
}
