import { strict as assert } from "node:assert";
import type { TaskContext } from "tsmpi";
import type { Case } from "../case.ts";
import { mpiError } from "./expected-error.ts";
import { double, doubled, failure, later, untilCancelled, upTo } from "./map-helpers.ts";

/** How many tasks of one rank are at work. `full` resolves when there are so many as it is to do at once. */
interface Room {
  now: number;
  most: number;
  readonly full: Promise<void>;
  enter(): void;
}

function room(seats: number): Room {
  let open = (): void => {};
  const full = new Promise<void>((resolve) => {
    open = resolve;
  });
  const enter = (): void => {
    made.now += 1;
    made.most = Math.max(made.most, made.now);
    if (made.now === seats) open();
  };
  const made: Room = { now: 0, most: 0, full, enter };
  return made;
}

/** Ends when its rank has as many tasks at work as it is to do at once, which a rank with fewer would never have. */
async function meet(_: number, { index, rank, state }: TaskContext<Room>): Promise<[number, number, number]> {
  state.enter();
  await state.full;
  await later(0);
  state.now -= 1;
  return [index, rank, state.most];
}

export const cases: Case[] = [
  {
    name: "with concurrency each rank does so many async tasks at once, and no more",
    async program(world) {
      for (const rootWorks of world.size === 1 ? [true] : [true, false]) {
        const options = { concurrency: 4, rootWorks, initializer: () => room(4) };
        const results = await world.map(meet, upTo(world.size * 12), options);
        if (results === undefined) continue;
        assert.deepEqual(
          results.map(([index]) => index),
          upTo(world.size * 12),
        );
        const ranks = new Set(results.map(([, rank]) => rank));
        assert.equal(ranks.size, world.size - (rootWorks ? 0 : 1));
        for (const rank of ranks) assert.equal(Math.max(...results.flatMap(([, r, m]) => (r === rank ? m : []))), 4);
      }
    },
  },
  {
    name: "the calls of a pool share the seats of its ranks",
    async program(world) {
      const seats = 3 * Math.max(1, world.size - 1);
      const options = { concurrency: 3, initializer: () => room(3) };
      await world.pool(
        { meet, double },
        async (workers) => {
          assert.equal(workers.size, seats / 3);
          const runs = await Promise.all(upTo(seats).map((x) => workers.run("meet", x)));
          for (const [, , most] of runs) assert.ok(most <= 3);
          const streamed: number[] = [];
          for await (const [index] of workers.imap("meet", upTo(50))) streamed.push(index);
          assert.deepEqual(streamed, upTo(50));
          assert.deepEqual(await workers.map("double", upTo(200)), doubled(200));
        },
        options,
      );
    },
  },
  {
    name: "concurrency has no effect on tasks that compute",
    async program(world) {
      let now = 0;
      const alone = (x: number): number => {
        now += 1;
        assert.equal(now, 1);
        now -= 1;
        return 2 * x;
      };
      for (const chunkSize of [undefined, 1, 7]) {
        const results = await world.map(alone, upTo(300), { concurrency: 8, chunkSize });
        if (results) assert.deepEqual(results, doubled(300));
      }
    },
  },
  {
    name: "with concurrency a task that fails ends all the others at work, and an AbortSignal does",
    async program(world) {
      let ended = 0;
      const task = async (x: number, context: TaskContext): Promise<never> => {
        if (x === world.size * 6 - 1) throw new RangeError("the last one");
        return untilCancelled(x, context).finally(() => {
          ended += 1;
        });
      };
      const alone = await world.split(world.rank);
      const error = await failure(alone, alone.map(task, upTo(world.size * 6), { concurrency: world.size * 6 }));
      assert.equal(error.message, "the last one");
      await later(0);
      assert.equal(ended, world.size * 6 - 1);
      await failure(world, world.map(task, upTo(world.size * 6), { concurrency: 6 }));
      const controller = new AbortController();
      setTimeout(() => controller.abort(new Error("enough")), 5);
      await assert.rejects(
        world.map(untilCancelled, upTo(world.size * 9), { concurrency: 3, signal: controller.signal }),
        mpiError("aborted", /enough/),
      );
    },
  },
  {
    name: "with concurrency each task has a time limit and retries of its own",
    async program(world) {
      const task = async (x: number, { signal, attempt }: TaskContext): Promise<number> => {
        if (x % 5 === 0 && attempt === 1) throw new Error("once more");
        if (x % 4 === 3) await untilCancelled(x, { signal } as TaskContext);
        return 2 * x;
      };
      const options = {
        concurrency: 6,
        timeoutMs: 200,
        retries: { times: 1, only: isOnce },
        stopOnError: false,
      } as const;
      const results = await world.map(task, upTo(24), options);
      results?.forEach((result, i) => {
        if (i % 4 !== 3) assert.deepEqual(result, { status: "fulfilled", value: 2 * i });
        else if (result.status === "rejected") assert.match(result.reason.message, /took more than 200 ms/);
        else assert.fail(`input ${i} has not timed out`);
      });
    },
  },
  {
    name: "concurrency that makes no sense is refused",
    async program(world) {
      for (const concurrency of [0, 1.5, -1, 2000, "4", Number.NaN]) {
        const options = { concurrency } as { concurrency: number };
        await assert.rejects(
          world.map(double, [1], options),
          mpiError("invalid-argument", /concurrency is .* from 1 to/),
        );
        await assert.rejects(
          world.pool({ double }, () => 1, options),
          mpiError("invalid-argument", /concurrency is .* from 1 to/),
        );
      }
      await assert.rejects(
        world.map(double, [1], { concurrency: 2, schedule: "static" }),
        mpiError("invalid-argument", /only the dynamic schedule has concurrency/),
      );
    },
  },
];

function isOnce(error: unknown): boolean {
  return error instanceof Error && error.message === "once more";
}
