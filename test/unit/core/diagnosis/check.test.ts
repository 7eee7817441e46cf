import assert from "node:assert/strict";
import { type Communicator, MpiError, pool, sum } from "tsmpi";
import { type LocalOptions, local } from "tsmpi/testing";
import { describe, test } from "vitest";
import { sameResult } from "../../../../packages/core/src/tasks/same-result.ts";

/** What `check` finds in a program, a line each. */
async function findings(
  size: number,
  program: (world: Communicator) => unknown,
  options: LocalOptions = {},
): Promise<string[]> {
  const error = await local(size, program, { ...options, check: true }).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (error === undefined) return [];
  assert.ok(error instanceof MpiError && error.code === "mismatch", String(error));
  const [title, ...lines] = error.message.split("\n  ");
  assert.match(title as string, lines.length === 1 ? /check found a mistake:$/ : /check found \d+ mistakes:$/);
  return lines.map((line) => line.replace(/\S*\//g, "").replace(/:\d+: /, ":N: "));
}

const guess = "a captured variable that differs from rank to rank? (or it is random, or has effects)";
const upTo = (n: number): number[] => Array.from({ length: n }, (_, i) => i);

describe("local({ check: true })", () => {
  test("rejects with all that it has found in a program that ended well", async () => {
    const found = await findings(2, async (world) => {
      const array = new Float64Array(4);
      const sent = world.send(array, { dest: 1 - world.rank, sync: true });
      array[0] = 1;
      await world.recv();
      await sent;
      await world.dup();
    });
    assert.deepEqual(found.sort(), [
      "check.test.ts:N: a communicator was made here and never closed; write: await using",
      "check.test.ts:N: send(): what was given to it has changed while it was under way; await it before you change that",
    ]);
  });

  test("gives the results of a clean program", async () => {
    const program = async (world: Communicator): Promise<number> => {
      await using copy = await world.dup();
      await copy.map((x: number) => 2 * x, upTo(100));
      return copy.allreduce(world.rank, sum);
    };
    assert.deepEqual(await local(3, program, { check: true }), [3, 3, 3]);
  });

  test("finds the same mistake again in the next world", async () => {
    const program = (world: Communicator): Promise<unknown> => world.dup();
    const first = await findings(2, program);
    assert.equal(first.length, 1);
    assert.deepEqual(await findings(2, program), first);
  });

  test("names the line of a communicator that is made by a call that nobody awaits at first", async () => {
    const [found] = await findings(2, async (world) => {
      const later = world.dup();
      await world.barrier();
      await later;
    });
    assert.match(found as string, /^check\.test\.ts:N: a communicator/);
  });

  test("tells messages that were never received", async () => {
    const program = async (world: Communicator): Promise<void> => {
      if (world.rank === 0) await world.send(1, { dest: 1, tag: 5 });
      await world.barrier();
    };
    assert.deepEqual(await findings(2, program), ["never received: 1 message from rank 0 to rank 1 with tag 5"]);
  });

  test("rejects with the program's own error where it has one", async () => {
    const program = async (world: Communicator): Promise<void> => {
      await world.dup();
      throw new RangeError("mine");
    };
    await assert.rejects(local(2, program, { check: true }), RangeError);
  });

  test("refuses what is not true or false", async () => {
    await assert.rejects(
      local(2, () => {}, { check: 1 as never }),
      /check is 1, but it is true or false/,
    );
  });
});

describe("under check a task is done again on another rank", () => {
  test("and a captured variable that differs is found, once for its line", async () => {
    const found = await findings(2, async (world) => {
      const factor = world.rank === 0 ? 10 : 1;
      for (let i = 0; i < 3; i++)
        await world.map(
          (x: number) => x * factor,
          upTo(20).map((x) => x + 1),
        );
    });
    assert.equal(found.length, 1);
    assert.match(
      found[0] as string,
      /^check\.test\.ts:N: task map gave another result on rank (0 than on rank 1|1 than on rank 0) for input \d+: /,
    );
    assert.ok(found[0]?.endsWith(guess));
  });

  test("in all ways in which a pool gives tasks to ranks, each with its line and its task", async () => {
    const found = await findings(3, (world) => {
      const { rank } = world;
      const tasks = { add: (x: number) => x + rank, both: (x: number, y: number) => x + y * rank };
      return pool(world, tasks, async (workers) => {
        await workers.map("add", upTo(8));
        await Promise.all(upTo(8).map((x) => workers.run("add", x)));
        for await (const _ of workers.imap("add", upTo(8)));
        for await (const _ of workers.imapUnordered("add", upTo(8)));
        await workers.starmap(
          "both",
          upTo(8).map((x): [number, number] => [x, 1]),
        );
        await workers.mapReduce("add", upTo(8), sum);
      });
    });
    assert.equal(found.length, 6);
    assert.deepEqual(found.map((line) => /task (\w+)/.exec(line)?.[1]).sort(), [
      "add",
      "add",
      "add",
      "add",
      "add",
      "both",
    ]);
  });

  test("and one that fails only there is found", async () => {
    let again = false;
    const progress = ({ finished }: { finished: boolean }): void => {
      again = finished;
    };
    const [found] = await findings(2, (world) =>
      world.map(
        (_: number, { rank }: { rank: number }) => {
          if (again && rank === 1) throw new Error("no licence");
          return 0;
        },
        upTo(4),
        { progress },
      ),
    );
    assert.match(found as string, /task map failed on rank 1 and not on rank 0 \(no licence\) for input \d: /);
  });

  test.each([
    ["NaN", () => Number.NaN],
    ["arrays of numbers with NaN", () => Float64Array.of(1, Number.NaN)],
    ["objects with undefined, dates and maps", () => ({ a: undefined, d: new Date(5), m: new Map([[1, [2n]]]) })],
  ])("and %s are the same as themselves", async (_, task: () => unknown) => {
    assert.deepEqual(await findings(3, (world) => world.map(task, upTo(30))), []);
  });

  test("its results stay those of the first time, and so do its options", async () => {
    const seen: number[] = [];
    const program = async (world: Communicator): Promise<unknown> =>
      world.map(
        (x: number, { index }: { index: number }) => {
          seen.push(index);
          return x + world.rank * 1000;
        },
        upTo(200),
        { chunkSize: 5, retries: 1, timeoutMs: 60_000, rootWorks: false },
      );
    let results: unknown;
    const found = await findings(3, async (world) => {
      results = (await program(world)) ?? results;
    });
    assert.equal(found.length, 1);
    const again = seen.length - 200;
    assert.ok(again >= 2 && again <= 12, `${again} were done again`);
    assert.deepEqual(
      (results as number[]).map((x) => x % 1000),
      upTo(200),
    );
  });

  test.each([
    ["one rank", 1, {}],
    ["one rank that works", 2, { rootWorks: false }],
  ])("but not with %s", async (_, size, options) => {
    let done = 0;
    const program = (world: Communicator): Promise<unknown> => world.map(() => ++done, upTo(20), options);
    assert.deepEqual(await findings(size, program), []);
    assert.equal(done, 20);
  });

  test("but not without check", async () => {
    let done = 0;
    await local(3, (world) => world.map(() => ++done, upTo(20)));
    assert.equal(done, 20);
  });
});

test("results are compared as they travel", () => {
  const shifted = new Float64Array(new BigUint64Array([0xfff8_0000_0000_0000n]).buffer);
  const circle: { own?: unknown; nan: Float64Array } = { nan: Float64Array.of(Number.NaN) };
  circle.own = circle;
  const other: typeof circle = { nan: shifted };
  other.own = other;
  for (const [one, two, same] of [
    [shifted, Float64Array.of(Number.NaN), true],
    [circle, other, true],
    [new Map([["a", shifted]]), new Map([["a", Float64Array.of(Number.NaN)]]), true],
    [Float64Array.of(0), Float64Array.of(-0), false],
    [Float64Array.of(1), Float32Array.of(1), false],
    [Float64Array.of(1), [1], false],
    [[0], [-0], false],
    [{ a: undefined }, {}, false],
    [new Set([1]), new Set([2]), false],
    ["1", 1, false],
  ] as const) {
    assert.equal(sameResult(one, two), same);
  }
});
