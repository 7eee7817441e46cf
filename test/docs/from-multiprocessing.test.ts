import { type Communicator, pool, sum } from "tsmpi";
import { local } from "tsmpi/testing";
import { describe, expect, test } from "vitest";
import { evaluate, readPage, rows } from "./rows.ts";

const page = readPage("from-multiprocessing.md");

const tasks = {
  square: (x: number): number => x * x,
  add: (a: number, b: number): number => a + b,
  sleep: (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms).unref()),
  fail: (): never => {
    throw new RangeError("no");
  },
};

/** Runs a snippet. What needs no pool of its own is given one, as `workers`. */
async function run(snippet: string, world: Communicator): Promise<unknown> {
  const scope = { world, pool, square: tasks.square, sum, xs: [1, 2, 3, 4] };
  if (/\bworld\b/.test(snippet)) return evaluate(snippet, scope);
  return pool(world, tasks, (workers) => evaluate(snippet, { ...scope, workers }));
}

describe.each(["multiprocessing.Pool", "mpi4py.futures"])("docs/from-multiprocessing.md, %s", (heading) => {
  const all = rows(page, heading);

  test("has rows", () => {
    expect(all.length).toBeGreaterThan(20);
  });

  test.each(all.map((row) => [row.title, row] as const))("%s", async (_, { snippet, gives }) => {
    await local(4, async (world) => {
      // Elsewhere snippets give undefined, which some of them go on with.
      const result = await run(snippet, world).catch((error: unknown) => {
        if (world.rank === 0) throw error;
      });
      if (world.rank === 0) expect(result).toEqual(JSON.parse(gives));
    });
  });
});
