import { strict as assert } from "node:assert";
import { pool, sum, type TaskContext } from "tsmpi";
import type { Case } from "../case.ts";
import { mpiError } from "./expected-error.ts";
import { double, doubled, failure, later, untilCancelled, upTo } from "./map-helpers.ts";

async function* slowly(count: number): AsyncGenerator<number> {
  for (const i of upTo(count)) {
    await later(0);
    yield i;
  }
}

export const cases: Case[] = [
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
    name: "imap stays lookAhead inputs ahead of its consumer, also in an array",
    async program(world) {
      const begun: number[] = [];
      const task = (x: number): number => begun.push(x);
      const alone = await world.split(world.rank);
      await pool(alone, { task }, async (workers) => {
        for (const form of ["imap", "imapUnordered"] as const) {
          begun.length = 0;
          let taken = 0;
          for await (const _ of workers[form]("task", upTo(30), { lookAhead: 4 })) {
            taken += 1;
            await later(1); // a slow consumer
            assert.ok(begun.length <= taken + 4, `${begun.length} begun, ${taken} taken`);
          }
          assert.equal(taken, 30);
        }
      });
    },
  },
  {
    name: "imap goes on after failures with settled: true",
    async program(world) {
      const task = (x: number): number => {
        if (x % 3 === 0) throw new RangeError(`no ${x}`);
        return x;
      };
      await pool(world, { task }, async (workers) => {
        const seen: unknown[] = [];
        for await (const each of workers.imap("task", upTo(7), { settled: true })) {
          seen.push(each.status === "fulfilled" ? each.value : each.reason.message);
        }
        assert.deepEqual(seen, ["no 0", 1, 2, "no 3", 4, 5, "no 6"]);
        let failures = 0;
        for await (const each of workers.imapUnordered("task", upTo(7), { settled: true })) {
          if (each.status === "rejected") failures += 1;
        }
        assert.equal(failures, 3);
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
    name: "idle ranks take over what another was given and has not begun, and every input is done once",
    async program(world) {
      const seen: number[] = [];
      const task = async (x: number, { rank }: TaskContext): Promise<[number, number]> => {
        seen.push(x);
        await later(2);
        return [x, rank];
      };
      const ranks = await pool(world, { task }, async (workers) => {
        const used = new Set<number>();
        for (const inputs of [upTo(30), slowly(30)]) {
          const results = await workers.map("task", inputs, { chunkSize: 30 });
          assert.deepEqual(
            results.map(([x]) => x),
            upTo(30),
          );
          for (const [, rank] of results) used.add(rank);
        }
        return used.size;
      });
      if (ranks !== undefined) assert.ok(ranks >= Math.min(2, Math.max(1, world.size - 1)), `${ranks} ranks worked`);
      const done = await world.allreduce(seen.length, sum);
      if (process.env["TSMPI_CHECK"] === "1")
        assert.ok(done >= 60); // some are done again, to compare their results
      else assert.equal(done, 60);
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
];
