import { strict as assert } from "node:assert";
import { pool, sum, type TaskContext } from "tsmpi";
import type { Case } from "../case.ts";
import { mpiError } from "./expected-error.ts";
import { double, failure, later, untilCancelled, upTo } from "./map-helpers.ts";

export const cases: Case[] = [
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
      assert.match(cause.stack ?? "", /map-failures\.ts/);
    },
  },
  {
    name: "ranks that give other functions are told, and their results are not mixed",
    async program(world) {
      const last = world.size - 1;
      const task = [(x: number) => x * 2, (x: number) => -x][world.rank > 0 && world.rank === last ? 1 : 0]!;
      const call = world.map(task, upTo(3 * world.size), { schedule: "static" });
      if (last === 0) return assert.deepEqual(await call, [0, 2, 4]);
      const { message } = await failure(world, call);
      assert.match(message, new RegExp(`rank ${last} has another function map than rank 0: every rank has to give`));
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
    name: "retries.only that throws fails that call with what it threw",
    async program(world) {
      const task = (x: number): number => {
        if (x % 4 === 1) throw new Error("no");
        return x;
      };
      const only = (): never => {
        throw new RangeError("only");
      };
      for (const rootWorks of world.size === 1 ? [true] : [true, false]) {
        const options = { retries: { times: 2, only }, stopOnError: false, rootWorks } as const;
        const error = await failure(world, world.map(task, upTo(8), options));
        if (world.rank === 0) assert.deepEqual([error.constructor, error.message], [RangeError, "only"]);
      }
      await pool(world, { task }, async (workers) => {
        await assert.rejects(workers.run("task", 1, { retries: { times: 1, only } }), RangeError);
        assert.equal(await workers.run("task", 2), 2);
      });
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
      const wrong = {
        progress: 1,
        stopOnError: "no",
        rootWorks: 0,
        timeoutMs: "10",
        "retries.times": { retries: {} },
        delayMs: { retries: { times: 1, delayMs: "1" } },
        "journal.file": { journal: {} },
        fiel: { journal: { fiel: "j" } },
      };
      for (const [name, value] of Object.entries(wrong)) {
        const options = typeof value === "object" ? value : { [name]: value };
        const refused = mpiError("invalid-argument", new RegExp(name));
        await assert.rejects(world.map(double, [1], options as object), refused);
      }
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
];
