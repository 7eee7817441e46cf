import { strict as assert } from "node:assert";
import { type Communicator, sum, type TaskContext } from "tsmpi";
import type { Case } from "../case.ts";
import { mpiError } from "./expected-error.ts";
import { double, doubled, failure, later, untilCancelled, upTo } from "./map-helpers.ts";

const forms = ["imap", "imapUnordered"] as const;

async function taken<T>(results: AsyncIterable<T>, most = Number.POSITIVE_INFINITY): Promise<T[]> {
  const all: T[] = [];
  for await (const result of results) if (all.push(result) >= most) break;
  return all;
}

/** Whether the ranks still agree: a collective that was left too early or too late would not fit. */
async function fits(world: Communicator): Promise<void> {
  assert.equal(await world.allreduce(1, sum), world.size);
}

export const cases: Case[] = [
  {
    name: "imap of a communicator gives rank 0 the results one by one, and the others nothing",
    async program(world) {
      for (const rootWorks of [false, true]) {
        const results = await taken(world.imap(double, () => upTo(40), { rootWorks }));
        assert.deepEqual(results, world.rank === 0 ? doubled(40) : []);
        const unordered = await taken(world.imapUnordered(async (x: number) => double(x), upTo(40), { rootWorks }));
        assert.deepEqual(
          unordered.sort((a, b) => a - b),
          world.rank === 0 ? doubled(40) : [],
        );
      }
      assert.deepEqual(await taken(world.imap(double, [])), []);
      await fits(world);
    },
  },
  {
    name: "leaving imap's loop at rank 0 ends it on every rank, tasks at work included",
    async program(world) {
      let made = 0;
      function* endless(): Generator<number> {
        for (;;) yield made++;
      }
      for (const form of forms) {
        made = 0;
        const task = (x: number, context: TaskContext): number | Promise<number> =>
          x < 3 ? x : untilCancelled(x, context);
        const results = await taken(world[form](task, endless, { lookAhead: 8 }), 3);
        assert.deepEqual(results.length, world.rank === 0 ? 3 : 0);
        assert.ok(made <= 3 + 8, `${made} inputs made`);
        await fits(world);
      }
    },
  },
  {
    name: "imap of a communicator stays lookAhead inputs ahead of a slow consumer",
    async program(world) {
      let made = 0;
      function* inputs(): Generator<number> {
        while (made < 12) yield made++;
      }
      let taken = 0;
      for await (const _ of world.imap(double, inputs, { lookAhead: 3 })) {
        taken += 1;
        await later(1);
        assert.ok(made <= taken + 3, `${made} inputs made, ${taken} results taken`);
      }
      assert.deepEqual([taken, made], world.rank === 0 ? [12, 12] : [0, 0]);
      await fits(world);
    },
  },
  {
    name: "a task that fails fails imap on every rank, after the results before it",
    async program(world) {
      const task = (x: number): number => {
        if (x === 7) throw new RangeError("seven");
        return x;
      };
      for (const form of forms) {
        const got: number[] = [];
        const call = async (): Promise<void> => {
          for await (const result of world[form](task, upTo(30), { chunkSize: 1 })) got.push(result);
        };
        const error = await failure(world, call());
        if (world.rank !== 0) assert.match(error.message, /seven/);
        else assert.deepEqual([error.constructor, error["index"]], [RangeError, 7]);
        if (world.rank === 0 && form === "imap") assert.deepEqual(got, upTo(7));
      }
      const settled = await taken(world.imap(task, upTo(10), { settled: true }));
      assert.deepEqual(
        settled.map(({ status }) => status === "fulfilled"),
        world.rank === 0 ? upTo(10).map((i) => i !== 7) : [],
      );
      await fits(world);
    },
  },
  {
    name: "inputs that throw, a signal and options that make no sense fail imap on every rank",
    async program(world) {
      const broken = (): number[] => {
        throw new TypeError("no inputs");
      };
      await assert.rejects(taken(world.imap(double, broken)), /no inputs/);
      const controller = new AbortController();
      const call = taken(world.imap(untilCancelled, upTo(4), { signal: controller.signal }));
      setTimeout(() => controller.abort(new Error("enough")), 5);
      await assert.rejects(call, mpiError("aborted", /enough/));
      const bad = { lookAhed: 1 } as object;
      await assert.rejects(taken(world.imap(double, [1], bad)), mpiError("invalid-argument", /did you mean lookAhead/));
      await assert.rejects(taken(world.imap(1 as never, [1])), mpiError("invalid-argument", /fn is 1/));
    },
  },
  {
    name: "a map within imap's loop on the same communicator is refused instead of hanging",
    async program(world) {
      const call = async (): Promise<void> => {
        for await (const _ of world.imap(double, upTo(3))) await world.map(double, [1]);
      };
      if (world.rank !== 0) assert.deepEqual(await taken(world.imap(double)), []);
      else await assert.rejects(call(), mpiError("invalid-argument", /map\(\) within imap\(\) on the same/));
    },
  },
];
