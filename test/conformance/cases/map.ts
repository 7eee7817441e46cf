import { strict as assert } from "node:assert";
import { type Communicator, type InitializerContext, MpiError, pool, sum, type TaskContext } from "tsmpi";
import type { Case } from "../case.ts";
import { mpiError } from "./point-to-point.ts";

const upTo = (n: number): number[] => Array.from({ length: n }, (_, i) => i);
const double = (x: number): number => 2 * x;
const doubled = (n: number): number[] => upTo(n).map(double);
const later = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** A task that ends when it is cancelled and not before. */
const untilCancelled = (_: unknown, { signal }: TaskContext): Promise<never> =>
  new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));

/** What went wrong, at rank 0 alone: the others have failed with `aborted`. */
async function failure(world: Communicator, call: Promise<unknown>): Promise<Error & Record<string, unknown>> {
  const error = await call.then(
    () => assert.fail("it did not fail"),
    (thrown: unknown) => thrown as Error,
  );
  if (world.rank !== 0) assert.ok(error instanceof MpiError, String(error));
  return error as Error & Record<string, unknown>;
}

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
    name: "an initializer that fails on one rank fails the call on every rank at once",
    async program(world) {
      const last = world.size - 1;
      const initializer = ({ rank }: { rank: number }): void => {
        if (rank === last) throw new Error("no licence");
      };
      await assert.rejects(world.map(untilCancelled, upTo(20), { initializer }), mpiError("aborted", /no licence/));
      await assert.rejects(
        pool(world, { untilCancelled }, () => new Promise<never>(() => {}), { initializer }), // a timer would outlive it
        mpiError("aborted", /no licence/),
      );
    },
  },
  {
    name: "a task that fails rejects at rank 0 with its own error, and says where and for which input",
    async program(world) {
      const task = (x: number): number => {
        if (x === 13) throw new RangeError("thirteen");
        return x;
      };
      const error = await failure(world, world.map(task, upTo(30)));
      if (world.rank !== 0) return assert.match(error.message, /failed on rank 0: .*thirteen/);
      assert.ok(error instanceof RangeError);
      assert.equal(error.message, "thirteen");
      assert.deepEqual([error["task"], error["index"], error["attempts"]], ["task", 13, 1]);
      assert.ok((error["rank"] as number) < world.size);
      const cause = error.cause as Error;
      assert.match(cause.message, /^task task failed for input 13 on rank \d+ \(.+\)$/);
      assert.match(cause.stack ?? "", /map\.ts/);
    },
  },
  {
    name: "with stopOnError: false each result says how it went",
    async program(world) {
      const results = await world.map(
        (x: number) => {
          if (x % 3 === 0) throw new TypeError(`not ${x}`);
          return x;
        },
        upTo(12),
        { stopOnError: false },
      );
      results?.forEach((result, i) => {
        if (i % 3 !== 0) assert.deepEqual(result, { status: "fulfilled", value: i });
        else if (result.status === "rejected") assert.equal(result.reason.message, `not ${i}`);
        else assert.fail(`input ${i} did not fail`);
      });
    },
  },
  {
    name: "retries try a task that failed again",
    async program(world) {
      const task = (x: number, { attempt }: TaskContext): number => {
        if (attempt <= x % 3) throw new Error(`attempt ${attempt}`);
        return attempt;
      };
      const results = await world.map(task, upTo(12), { retries: 2 });
      if (results)
        assert.deepEqual(
          results,
          upTo(12).map((x) => (x % 3) + 1),
        );
      const error = await failure(world, world.map(task, upTo(12), { retries: 1 }));
      if (world.rank === 0) assert.deepEqual([error.message, error["attempts"]], ["attempt 2", 2]);
    },
  },
  {
    name: "a task that takes longer than timeoutMs has failed, whether it waits or computes",
    async program(world) {
      const computes = (x: number): number => {
        const end = performance.now() + (x === 3 ? 120 : 0);
        while (performance.now() < end);
        return x;
      };
      const waits = async (x: number, context: TaskContext): Promise<number> =>
        x === 3 ? untilCancelled(x, context) : x;
      for (const task of [computes, waits]) {
        const results = await world.map(task, upTo(8), { timeoutMs: 60, stopOnError: false });
        if (!results) continue;
        const failed = results.flatMap(({ status }, i) => (status === "rejected" ? [i] : []));
        assert.ok(failed.includes(3));
        const third = results[3] as PromiseRejectedResult;
        assert.match((third.reason as Error).message, /input 3 of \w+: the task took more than 60 ms/);
      }
    },
  },
  {
    name: "an input that cannot travel fails with its index and path, wherever it would have run",
    async program(world) {
      const inputs = [1, 2, { jobs: [{ done: () => 1 }] }];
      const error = await failure(
        world,
        world.map((_: unknown) => 1, inputs),
      );
      if (world.rank === 0)
        assert.match(error.message, /input 2 of map: it cannot travel: data\.jobs\[0\]\.done is a function/);
      const results = await world.map((_: unknown) => 1, inputs, { stopOnError: false });
      if (results)
        assert.deepEqual(
          results.map(({ status }) => status),
          ["fulfilled", "fulfilled", "rejected"],
        );
    },
  },
  {
    name: "a result that cannot travel fails with its path",
    async program(world) {
      const task = (x: number): unknown => (x === 4 ? { fail: () => x } : x);
      const error = await failure(world, world.map(task, upTo(8)));
      if (world.rank === 0)
        assert.match(error.message, /input 4 of task: its result cannot travel: data\.fail is a function/);
    },
  },
  {
    name: "what is thrown and is no error, or cannot travel, is told",
    async program(world) {
      const odd = (x: number): never => {
        throw x === 0 ? "only text" : Object.assign(new Error("has a function"), { why: () => x });
      };
      const results = await world.map(odd, upTo(2), { stopOnError: false });
      const messages = results?.map((result) => (result as PromiseRejectedResult).reason.message);
      if (messages) assert.deepEqual(messages, ["only text", "has a function"]);
    },
  },
  {
    name: "an iterator that throws midway: tasks under way end, and the error surfaces",
    async program(world) {
      let ended = 0;
      function* inputs(): Generator<number> {
        yield* upTo(5);
        throw new RangeError("out of inputs");
      }
      const error = await failure(
        world,
        world.map(
          async (x: number) => {
            await later(2);
            ended++;
            return x;
          },
          inputs,
          { chunkSize: 1 },
        ),
      );
      if (world.rank === 0) assert.ok(error instanceof RangeError && error.message === "out of inputs");
      const all = await world.allreduce(ended, sum);
      assert.ok(all >= 1 && all <= 5, `${all} tasks ended`);
    },
  },
  {
    name: "arguments that make no sense are refused",
    async program(world) {
      await assert.rejects(world.map(double, [1], { chunkSize: 0 }), mpiError("invalid-argument", /chunkSize is 0/));
      await assert.rejects(world.map(double, [1], { retries: -1 }), mpiError("invalid-argument", /retries is -1/));
      await assert.rejects(world.map(double, [1], { timeoutMs: 0 }), mpiError("invalid-argument", /timeoutMs is 0/));
      await assert.rejects(
        world.map(double, [1], { lookAhead: 0.5 }),
        mpiError("invalid-argument", /lookAhead is 0.5/),
      );
      await assert.rejects(
        world.map(double, [1], { schedule: "guided" as never }),
        mpiError("invalid-argument", /schedule is "guided"/),
      );
      await assert.rejects(world.map("double" as never, [1]), mpiError("invalid-argument", /fn is "double"/));
      await assert.rejects(world.map(double, 7 as never), mpiError("invalid-argument", /inputs is 7/));
      await assert.rejects(
        pool(world, {}, () => 1),
        mpiError("invalid-argument", /tasks is/),
      );
      await assert.rejects(
        pool(world, { double: 1 as never }, () => 1),
        mpiError("invalid-argument", /the task "double" is 1/),
      );
    },
  },
  {
    name: "an AbortSignal ends the whole call on every rank, tasks included",
    async program(world) {
      const stop = new AbortController();
      const call = world.map(untilCancelled, upTo(4), { signal: stop.signal });
      setTimeout(() => stop.abort(new Error("enough")), 20);
      await assert.rejects(call, mpiError("aborted", /enough/));
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
    name: "map or pool within a task of the same communicator is refused instead of hanging",
    async program(world) {
      const error = await failure(
        world,
        world.map((_: number) => world.map(double, [1]), upTo(3)),
      );
      if (world.rank === 0) assert.match(error.message, /map\(\) within map\(\) on the same communicator/);
      const driver = await failure(
        world,
        pool(world, { double }, () => world.map(double, [1])),
      );
      if (world.rank === 0) assert.match(driver.message, /map\(\) within pool\(\)/);
    },
  },
  {
    name: "a closed communicator refuses map and pool",
    async program(world) {
      const comm = await world.dup();
      await comm.close();
      await assert.rejects(comm.map(double, [1]), mpiError("closed", /closed/));
      await assert.rejects(
        pool(comm, { double }, () => 1),
        mpiError("closed", /closed/),
      );
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
    name: "a pool gives what its driver returned at rank 0, and undefined elsewhere",
    async program(world) {
      const result = await pool(world, { double, add: (a: number, b: number) => a + b }, async (workers) => {
        assert.equal(workers.size, Math.max(1, world.size - 1));
        return {
          run: await workers.run("double", 21),
          map: await workers.map("double", upTo(10)),
          starmap: await workers.starmap("add", [
            [1, 2],
            [3, 4],
          ]),
          mapReduce: await workers.mapReduce("double", upTo(10), sum),
          nothing: await workers.mapReduce("double", [], sum),
        };
      });
      const expected = { run: 42, map: doubled(10), starmap: [3, 7], mapReduce: 90, nothing: undefined };
      assert.deepEqual(result, world.rank === 0 ? expected : undefined);
    },
  },
  {
    name: "imap gives results in order, imapUnordered as they come, both from inputs without end",
    async program(world) {
      await pool(world, { double }, async (workers) => {
        let made = 0;
        function* endless(): Generator<number> {
          for (;;) yield made++;
        }
        const ordered: number[] = [];
        for await (const result of workers.imap("double", endless(), { lookAhead: 16 })) {
          ordered.push(result);
          assert.ok(made <= ordered.length + 16, `${made} inputs made for ${ordered.length} results`);
          if (ordered.length === 100) break;
        }
        assert.deepEqual(ordered, doubled(100));
        const unordered: number[] = [];
        for await (const result of workers.imapUnordered("double", upTo(50))) unordered.push(result);
        assert.deepEqual(
          unordered.sort((a, b) => a - b),
          doubled(50),
        );
      });
    },
  },
  {
    name: "imap delivers what came before a failure, and then throws it",
    async program(world) {
      const task = (x: number): number => {
        if (x === 7) throw new RangeError("seven");
        return x;
      };
      await pool(world, { task }, async (workers) => {
        const seen: number[] = [];
        await assert.rejects(async () => {
          for await (const x of workers.imap("task", upTo(20))) seen.push(x);
        }, /seven/);
        assert.deepEqual(seen, upTo(7));
        assert.equal(await workers.run("task", 1), 1);
      });
    },
  },
  {
    name: "calls of one pool overlap, and failures of one leave the others alone",
    async program(world) {
      const task = async (x: number): Promise<number> => {
        await later(1);
        if (x < 0) throw new Error(`no ${x}`);
        return x;
      };
      await pool(world, { task, double }, async (workers) => {
        const [one, bad, many, runs] = await Promise.allSettled([
          workers.run("task", 1),
          workers.map("task", [1, -2, 3]),
          workers.map("double", upTo(30)),
          Promise.all(upTo(30).map((x) => workers.run("task", x))),
        ]);
        assert.deepEqual(one, { status: "fulfilled", value: 1 });
        assert.equal(bad.status === "rejected" && bad.reason.message, "no -2");
        assert.deepEqual(many, { status: "fulfilled", value: doubled(30) });
        assert.deepEqual(runs, { status: "fulfilled", value: upTo(30) });
      });
    },
  },
  {
    name: "cancelling a call of a pool hits that one alone",
    async program(world) {
      await pool(world, { untilCancelled, double }, async (workers) => {
        const stop = new AbortController();
        const cancelled = workers.run("untilCancelled", 0, { signal: stop.signal });
        const others = workers.map("double", upTo(20));
        setTimeout(() => stop.abort(new Error("not this one")), 10);
        await assert.rejects(cancelled, mpiError("aborted", /not this one/));
        assert.deepEqual(await others, doubled(20));
        assert.deepEqual(await workers.map("double", upTo(20)), doubled(20));
      });
    },
  },
  {
    name: "a task that does not exist is refused with the names of those that do",
    async program(world) {
      await pool(world, { double }, async (workers) => {
        await assert.rejects(
          workers.run("triple" as "double", 1),
          mpiError("invalid-argument", /no task "triple"; the tasks are double/),
        );
        await assert.rejects(
          workers.run("toString" as "double", 1),
          mpiError("invalid-argument", /no task "toString"/),
        );
      });
    },
  },
  {
    name: "a driver that throws fails the pool with that at rank 0, and ends it elsewhere",
    async program(world) {
      const error = await failure(
        world,
        pool(world, { untilCancelled }, async (workers) => {
          workers.run("untilCancelled", 1).catch(() => {});
          await later(5);
          throw new RangeError("driver's own");
        }),
      );
      if (world.rank === 0) assert.ok(error instanceof RangeError && error.message === "driver's own");
      else assert.match(error.message, /driver's own/);
    },
  },
  {
    name: "what the driver started and did not await is finished, and further calls are refused",
    async program(world) {
      let kept: Promise<number> | undefined;
      let desk: { run(task: "task", x: number): Promise<number> } | undefined;
      const task = async (x: number): Promise<number> => {
        await later(5);
        return x;
      };
      await pool(world, { task }, (workers) => {
        desk = workers;
        kept = workers.run("task", 5);
      });
      if (world.rank !== 0) return;
      assert.equal(await kept, 5);
      await assert.rejects(desk!.run("task", 1), mpiError("closed", /has returned/));
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
