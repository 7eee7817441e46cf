import { strict as assert } from "node:assert";
import { type InitializerContext, sum, type TaskContext } from "tsmpi";
import type { Case } from "../case.ts";
import { mpiError } from "./expected-error.ts";
import { double, doubled, later, upTo } from "./map-helpers.ts";

export const cases: Case[] = [
  {
    name: "map gives the results in the order of the inputs at rank 0, and undefined elsewhere",
    async program(world) {
      const results = await world.map(double, upTo(100));
      assert.deepEqual(results, world.rank === 0 ? doubled(100) : undefined);
    },
  },
  {
    name: "every schedule and every chunk size gives the same results",
    async program(world) {
      for (const options of [
        { schedule: "static" },
        { schedule: "static", chunkSize: 3 },
        { schedule: "dynamic", chunkSize: 1 },
        { schedule: "dynamic", chunkSize: 1000 },
        { rootWorks: false },
      ] as const) {
        const results = await world.map(double, () => upTo(50), options);
        if (world.rank === 0) assert.deepEqual(results, doubled(50), JSON.stringify(options));
      }
    },
  },
  {
    name: "the static schedule gives each rank one block of consecutive inputs",
    async program(world) {
      const ranks = await world.map((_, { rank }) => rank, upTo(world.size * 3), { schedule: "static" });
      if (ranks)
        assert.deepEqual(
          ranks,
          upTo(world.size * 3).map((i) => Math.floor(i / 3)),
        );
    },
  },
  {
    name: "map of nothing is nothing",
    async program(world) {
      const results = await world.map(double, []);
      assert.deepEqual(results, world.rank === 0 ? [] : undefined);
      const none = await world.map(double, () => [], { schedule: "static" });
      assert.deepEqual(none, world.rank === 0 ? [] : undefined);
    },
  },
  {
    name: "inputs may be a function, which is called at rank 0 alone",
    async program(world) {
      let calls = 0;
      const results = await world.map(double, async () => {
        calls++;
        return new Set([1, 2, 3]);
      });
      assert.equal(calls, world.rank === 0 ? 1 : 0);
      if (results) assert.deepEqual(results, [2, 4, 6]);
    },
  },
  {
    name: "async tasks, async iterables and generators work",
    async program(world) {
      async function* slowly(): AsyncGenerator<number> {
        for (const i of upTo(20)) {
          if (i % 7 === 0) await later(1);
          yield i;
        }
      }
      function* quickly(): Generator<number> {
        yield* upTo(20);
      }
      for (const inputs of [slowly, quickly]) {
        for (const schedule of ["dynamic", "static"] as const) {
          const results = await world.map(async (x: number) => double(x), inputs, { schedule });
          if (results) assert.deepEqual(results, doubled(20));
        }
      }
    },
  },
  {
    name: "every rank works when tasks take time",
    async program(world) {
      const ranks = await world.map(
        async (_: number, { rank }) => {
          await later(5);
          return rank;
        },
        () => upTo(world.size * 6),
      );
      if (ranks)
        assert.deepEqual(
          [...new Set(ranks)].sort((a, b) => a - b),
          upTo(world.size),
        );
    },
  },
  {
    name: "with rootWorks: false rank 0 hands out only",
    from: 2,
    async program(world) {
      const ranks = await world.map((_: number, { rank }) => rank, upTo(30), { rootWorks: false });
      if (ranks) assert.ok(!ranks.includes(0));
    },
  },
  {
    name: "typed arrays travel raw in both directions, and into takes them behind each other",
    async program(world) {
      const inputs = (): Float64Array[] => upTo(9).map((i) => new Float64Array(5000).fill(i));
      const task = (array: Float64Array): Float64Array => array.map(double);
      const results = await world.map(task, inputs);
      if (results)
        results.forEach((array, i) =>
          assert.deepEqual([array.constructor, array[0], array[4999]], [Float64Array, 2 * i, 2 * i]),
        );
      const into = new Float64Array(45_000);
      const filled = await world.map(task, inputs, { into });
      if (world.rank === 0) assert.equal(filled, into);
      if (filled) assert.deepEqual([filled[0], filled[5000], filled[44_999]], [0, 2, 16]);
      const numbers = await world.map(double, upTo(10), { into: new Float32Array(10) });
      if (numbers) assert.deepEqual([...numbers], doubled(10));
    },
  },
  {
    name: "a task may use its memory again: results are taken when it ends",
    async program(world) {
      const results = await world.map(
        (x: number, { state }) => state.fill(x),
        () => upTo(40),
        { initializer: () => new Float64Array(2000) },
      );
      results?.forEach((array, i) => assert.ok(array.every((x) => x === i)));
    },
  },
  {
    name: "a task that changes its input changes nothing at the caller",
    async program(world) {
      const inputs = upTo(10).map((i) => ({ i, array: new Float64Array(1000).fill(i) }));
      await world.map((input: { i: number; array: Float64Array }) => {
        input.i = -1;
        return input.array.fill(-1);
      }, inputs);
      inputs.forEach(({ i, array }, index) => assert.deepEqual([i, array[999]], [index, index]));
    },
  },
  {
    name: "an initializer runs once per rank, and its state lasts from task to task",
    async program(world) {
      let prepared = 0;
      const counts = await world.map(
        (_: number, { state }) => ({ rank: state.rank, count: ++state.count }),
        () => upTo(40),
        {
          chunkSize: 2,
          initializer: async ({ rank }: InitializerContext) => {
            prepared++;
            return { rank, count: 0 };
          },
        },
      );
      assert.equal(prepared, 1);
      if (!counts) return;
      for (const rank of new Set(counts.map((each) => each.rank))) {
        const own: number[] = counts.filter((each) => each.rank === rank).map((each) => each.count);
        assert.deepEqual(
          own.sort((a, b) => a - b),
          upTo(own.length).map((i) => i + 1),
        );
      }
    },
  },
  {
    name: "map works in a split communicator, and several at the same time",
    async program(world) {
      const half = await world.split(world.rank % 2);
      const results = await half.map((x: number) => x + (world.rank % 2), upTo(20));
      if (half.rank === 0)
        assert.deepEqual(
          results,
          upTo(20).map((x) => x + (world.rank % 2)),
        );
    },
  },
  {
    name: "maps that begin at once follow each other",
    async program(world) {
      const calls = [
        world.map(double, upTo(20)),
        world.map(async (x: number) => x + 1, upTo(20)),
        world.map(double, []),
      ];
      const [doubles, more, none] = await Promise.all(calls);
      const expected =
        world.rank === 0 ? [doubled(20), upTo(20).map((x) => x + 1), []] : [undefined, undefined, undefined];
      assert.deepEqual([doubles, more, none], expected);
    },
  },
  {
    name: "with weights the heaviest inputs are begun first, and results are in the order of the inputs",
    async program(world) {
      const begun: number[] = [];
      const task = (x: number): number => {
        begun.push(x);
        return 2 * x;
      };
      const weight = (x: number): number => x % 10;
      const alone = await world.split(world.rank);
      assert.deepEqual(await alone.map(task, upTo(20), { weight }), doubled(20));
      assert.deepEqual(
        begun.map((x) => x % 10),
        upTo(20).map((i) => 9 - Math.floor(i / 2)),
      );
      const results = await world.map(double, new Set(upTo(30)), { weight, retries: { times: 1 } });
      assert.deepEqual(results, world.rank === 0 ? doubled(30) : undefined);
      const wrong = world.map(double, upTo(3), { weight: () => "heavy" as unknown as number });
      if (world.rank === 0) await assert.rejects(wrong, /weight gave "heavy" for input 0, but a weight is a number/);
      else await assert.rejects(wrong);
    },
  },
  {
    name: "retries may wait before, and stop after errors of another kind",
    async program(world) {
      const task = (x: number, { attempt }: TaskContext): number => {
        if (x === 3 && attempt < 3) throw new RangeError("not yet");
        if (x === 5) throw new TypeError("never");
        return attempt;
      };
      const only = (error: unknown): boolean => error instanceof RangeError;
      const options = { retries: { times: 4, delayMs: 1, only }, stopOnError: false } as const;
      const results = await world.map(task, upTo(6), options);
      const told = results?.map((each) => (each.status === "fulfilled" ? each.value : each.reason.attempts));
      assert.deepEqual(told, world.rank === 0 ? [1, 1, 1, 3, 1, 1] : undefined);
    },
  },
  {
    name: "progress counts up to the total",
    async program(world) {
      const seen: { done: number; total: number | undefined; finished: boolean }[] = [];
      await world.map(double, upTo(20), { progress: (event) => seen.push(event) });
      if (world.rank !== 0) return assert.equal(seen.length, 0);
      assert.deepEqual(
        seen.filter((event) => event.finished).map(({ done, total }) => [done, total]),
        [[20, 20]],
      );
    },
  },
  {
    name: "maps and other collectives follow each other in any order",
    async program(world) {
      for (let i = 0; i < 10; i++) {
        const results = await world.map(double, upTo(i * 3), { chunkSize: 1 + (i % 3) });
        if (results) assert.deepEqual(results, doubled(i * 3));
        assert.equal(await world.allreduce(1, sum), world.size);
        await world.map(double, upTo(5), { stopOnError: true });
      }
    },
  },
  {
    name: "world.pool(...) is pool(world, ...)",
    async program(world) {
      const square = (n: number): number => n * n;
      const result = await world.pool({ square }, (workers) => workers.map("square", [1, 2, 3]));
      assert.deepEqual(result, world.rank === 0 ? [1, 4, 9] : undefined);
      const bogus = world.pool({ square }, () => 1, { bogus: 1 } as object);
      await assert.rejects(bogus, mpiError("invalid-argument", /there is no option bogus/));
    },
  },
];
