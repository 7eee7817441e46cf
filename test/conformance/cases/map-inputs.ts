import { strict as assert } from "node:assert";
import { type Communicator, type MapInputs, pool, sum, type TaskContext } from "tsmpi";
import type { Case } from "../case.ts";

const later = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const double = (x: number): number => 2 * x;
const slowly = async (x: number): Promise<number> => {
  await later(2);
  return 2 * x;
};
const thrown = new RangeError("line 5 is damaged");

function* breaking(): Generator<number> {
  yield* [0, 1, 2, 3];
  throw thrown;
}

/** Throws when every input that it gave has its result: while it computes, nothing else of this rank runs. */
async function* breakingLate(): AsyncGenerator<number> {
  yield* [0, 1, 2, 3];
  await later(1);
  for (const until = performance.now() + 20; performance.now() < until; );
  throw thrown;
}

async function* breakingAtOnce(): AsyncGenerator<number> {
  yield* [];
  throw thrown;
}

function* throwingNothing(): Generator<number> {
  yield* [0, 1, 2, 3];
  throw undefined;
}

const kinds: Record<string, () => MapInputs<number>> = { breaking, breakingLate, breakingAtOnce, throwingNothing };

/** What a call rejects with at rank 0; elsewhere it has to reject with `aborted`. */
async function rejection(world: Communicator, call: Promise<unknown>): Promise<unknown> {
  const [result] = await Promise.allSettled([call]);
  assert.equal(result.status, "rejected", "it gave a list that breaks off");
  if (world.rank !== 0) assert.equal(result.reason?.code, "aborted");
  return result.reason;
}

export const cases: Case[] = [
  {
    name: "inputs that throw reject the map with what they threw, whatever has its result by then",
    heavy: true,
    async program(world) {
      for (const [kind, inputs] of Object.entries(kinds)) {
        for (const options of [{}, { schedule: "static" }, { stopOnError: false }, { retries: 1 }] as const) {
          const rootWorks = world.size === 1 || kind === "breaking";
          const error = await rejection(world, world.map(slowly, inputs, { ...options, rootWorks }));
          if (world.rank === 0) assert.equal(error, kind === "throwingNothing" ? undefined : thrown, kind);
        }
      }
    },
  },
  {
    name: "a function for inputs that throws rejects the map with that, and nothing else is left to be caught",
    async program(world) {
      const initializer = (): never => {
        throw new Error("not ready");
      };
      const throwing = (): never => {
        throw thrown;
      };
      assert.equal(
        await rejection(world, world.map(double, throwing)).then((e) => world.rank !== 0 || e),
        world.rank !== 0 || thrown,
      );
      await assert.rejects(world.map(double, throwing, { initializer }));
      await assert.rejects(world.map(double, async () => throwing(), { initializer }));
    },
  },
  {
    name: "each form of a pool's map gives what came before its inputs threw, and then throws that",
    heavy: true,
    async program(world) {
      await pool(world, { double, slowly }, async (workers) => {
        for (const [kind, inputs] of Object.entries(kinds)) {
          const what = (error: unknown): true => {
            assert.equal(error, kind === "throwingNothing" ? undefined : thrown);
            return true;
          };
          for (const task of ["double", "slowly"] as const) {
            const before = kind === "breakingAtOnce" ? [] : [0, 2, 4, 6];
            for (const form of ["imap", "imapUnordered"] as const) {
              const seen: number[] = [];
              let caught: { error: unknown } | undefined;
              try {
                for await (const y of workers[form](task, inputs())) seen.push(y);
              } catch (error) {
                caught = { error };
              }
              assert.ok(caught !== undefined, `${form} of ${kind} ended as if there were no more`);
              what(caught.error);
              assert.deepEqual(form === "imap" ? seen : seen.sort((a, b) => a - b), before);
            }
            const pairs = (): MapInputs<[number]> => tuples(inputs());
            const calls = [
              workers.map(task, inputs()),
              workers.starmap(task, pairs()),
              workers.mapReduce(task, inputs(), sum),
            ];
            for (const result of await Promise.allSettled<unknown>(calls)) {
              assert.equal(result.status, "rejected");
              if (result.status === "rejected") what(result.reason);
            }
          }
        }
        assert.equal(await workers.run("double", 4), 8);
      });
    },
  },
  {
    name: "inputs clean up after themselves when the map fails",
    async program(world) {
      let cleanedUp = 0;
      function* inputs(): Generator<number> {
        try {
          for (let i = 0; ; i++) yield i;
        } finally {
          cleanedUp++;
        }
      }
      const fails = (x: number): number => {
        if (x === 3) throw thrown;
        return x;
      };
      const error = (await rejection(world, world.map(fails, inputs))) as Error;
      if (world.rank !== 0) return;
      assert.equal(error.message, thrown.message);
      assert.equal(cleanedUp, 1);
    },
  },
  {
    name: "a task gets the context in a second parameter, and no optional or rest parameter gets it",
    async program(world) {
      const attempts = (_: number, { attempt }: TaskContext): number => attempt;
      const scaled = (x: number, factor = 10): number => x * factor;
      const total = (...numbers: unknown[]): number => numbers.length;
      const xs = ["1", "2", "3"];
      const maps = [
        await world.map(attempts, [1, 2, 3]),
        await world.map(scaled as (x: number) => number, [1, 2, 3]),
        await world.map(total as (x: number) => number, [1, 2, 3]),
        await world.map(Number.parseInt as (x: string) => number, xs),
        await world.map(Math.max as (x: number) => number, [1, 2, 3]),
      ];
      const expected = [
        [1, 1, 1],
        [10, 20, 30],
        [1, 1, 1],
        [1, 2, 3],
        [1, 2, 3],
      ];
      assert.deepEqual(maps, world.rank === 0 ? expected : maps.map(() => undefined));
    },
  },
  {
    name: "starmap gives a task exactly the arguments of each list",
    async program(world) {
      const scaled = (x: number, factor = 10, offset?: number): number => x * factor + (offset ?? 0);
      const total = (...numbers: number[]): number => numbers.reduce((a, b) => a + b, 0);
      const stateful = ([a, b]: [number, number], { state }: TaskContext<number>): number => a + b + state;
      const result = await pool(
        world,
        { scaled, total, stateful, max: Math.max },
        async (workers) => [
          await workers.starmap("scaled", [[1], [1, 2], [1, 2, 3]]),
          await workers.starmap("total", [[], [1], [1, 2, 3]]),
          await workers.starmap("max", [
            [1, 2],
            [4, 3],
          ]),
          await workers.map("stateful", [
            [1, 2],
            [3, 4],
          ]),
        ],
        { initializer: () => 100 },
      );
      const expected = [
        [10, 2, 5],
        [0, 1, 6],
        [2, 4],
        [103, 107],
      ];
      assert.deepEqual(result, world.rank === 0 ? expected : undefined);
    },
  },
];

async function* tuples(inputs: MapInputs<number>): AsyncGenerator<[number]> {
  for await (const x of inputs) yield [x];
}
