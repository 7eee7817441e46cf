import assert from "node:assert/strict";
import fc from "fast-check";
import { describe, test } from "vitest";
import {
  chunkSize,
  depth,
  LeastTimes,
  MeanTimes,
  mostHeld,
  type Pace,
} from "../../../../packages/core/src/tasks/schedule.ts";

const paces = fc.record({
  ranks: fc.integer({ min: 1, max: 1000 }),
  remaining: fc.option(fc.integer({ min: 0, max: 1e6 }), { nil: undefined }),
  lookAhead: fc.integer({ min: 1, max: 64_000 }),
  meanMs: fc.option(fc.double({ min: 0, max: 1e6, noNaN: true }), { nil: undefined }),
  rootMs: fc.option(fc.double({ min: 0, max: 1e6, noNaN: true }), { nil: undefined }),
});
const pace = (some: Partial<Pace>): Pace => ({
  ranks: 4,
  remaining: 10_000,
  lookAhead: Number.POSITIVE_INFINITY,
  meanMs: 0.1,
  rootMs: undefined,
  ...some,
});

/** The sizes of all chunks, when every rank always takes the next. */
function chunksOf(total: number, ranks: number, meanMs: number): number[] {
  const sizes: number[] = [];
  for (let remaining = total; remaining > 0; remaining -= sizes.at(-1) as number) {
    sizes.push(Math.min(remaining, chunkSize(pace({ ranks, remaining, meanMs }))));
  }
  return sizes;
}

describe("chunk sizes", () => {
  test("there is always a chunk, and never one of more than a fair share", () => {
    fc.assert(
      fc.property(paces, (each) => {
        const size = chunkSize(each);
        assert.ok(Number.isInteger(size) && size >= 1);
        assert.ok(size <= Math.max(1, Math.ceil((each.remaining ?? each.lookAhead) / each.ranks)));
      }),
    );
  });

  test("they shrink towards the end, down to single inputs where tasks take time", () => {
    const sizes = chunksOf(1000, 4, 5);
    for (const [i, size] of sizes.entries()) assert.ok(size <= (sizes[i - 1] ?? size), `${sizes}`);
    assert.equal(sizes.at(-1), 1);
  });

  test("no chunk takes longer than 20 ms, unless a single task does", () => {
    assert.equal(chunkSize(pace({ meanMs: 2 })), 10);
    assert.equal(chunkSize(pace({ meanMs: 1000 })), 1);
  });

  test("no rank gets more than one input before it is known how long a task takes", () => {
    assert.equal(chunkSize(pace({ meanMs: undefined })), 1);
  });

  test("tasks that were small in an earlier run may be long in this one", () => {
    assert.equal(chunkSize(pace({ remaining: 40, meanMs: 0.001, fresh: true })), 3);
    assert.equal(chunkSize(pace({ remaining: 40, meanMs: 0.001 })), 10);
  });

  test("small tasks go in chunks that are worth their messages", () => {
    assert.equal(chunkSize(pace({ remaining: 1000, meanMs: 0.01 })), 100);
  });
});

describe("what a task takes", () => {
  const after = (...some: [ms: number, tasks: number][]): number => {
    const times = new MeanTimes();
    for (const [ms, tasks] of some) times.add("task", ms, tasks);
    return times.of("task") as number;
  };

  test("is unknown before the first, and a matter of each task's name", () => {
    const times = new MeanTimes();
    assert.equal(times.of("task"), undefined);
    times.add("other", 1, 1);
    assert.equal(times.of("task"), undefined);
  });

  test("is what many of them took, however long the first one did", () => {
    assert.ok(after([300, 1], [0.3, 300]) < 0.0011, `${after([300, 1], [0.3, 300])}`);
  });

  test("follows single ones slowly when they get shorter, and at once when they get longer", () => {
    assert.ok(Math.abs(after([10, 1], [0, 1]) - 7) < 1e-9);
    assert.equal(after([1, 1000], [10, 1]), 10);
  });
});

describe("what a task takes rank 0", () => {
  const takes = (times: LeastTimes, ms: number, tasks: number): number => {
    times.add("task", ms, tasks);
    return times.of("task") as number;
  };

  test("is the time without interruption, if one of three was not interrupted", () => {
    const times = new LeastTimes();
    assert.equal(times.of("task"), undefined);
    assert.equal(takes(times, 8, 4), 2);
    assert.equal(takes(times, 1, 100), 0.01);
    assert.equal(takes(times, 5, 100), 0.01);
    assert.equal(takes(times, 6, 100), 0.01);
    assert.equal(takes(times, 7, 100), 0.05);
  });

  test("is more at once when no interruption can explain it, or others would be idle for two more such tasks", () => {
    const times = new LeastTimes();
    assert.equal(takes(times, 1, 1000), 0.001);
    assert.equal(takes(times, 1000, 1), 1000);
  });
});

describe("chunks in advance", () => {
  test("one chunk hides the latency of the next, more when they are short", () => {
    assert.equal(depth(1, 0, pace({ meanMs: 5 })), 3);
    assert.ok(depth(1, 0, pace({ meanMs: 0.1 })) > 10);
  });

  test("none before it is known how long a task takes, nor for long tasks, beside which a round trip is nothing", () => {
    assert.equal(depth(1, 0, pace({ meanMs: undefined })), 1);
    assert.equal(depth(1, 0, pace({ meanMs: 50 })), 1);
  });

  test("while rank 0 computes, enough for the time until it can hand out again, but not the last input", () => {
    const blocked = pace({ meanMs: 50, rootBlocks: true });
    assert.equal(depth(1, 20, blocked), 3);
    assert.equal(depth(1, 120, blocked), 1);
    assert.equal(depth(1, 20, { ...blocked, remaining: 1 }), 1);
  });

  test("altogether not more than a part of what is left, however small the chunks", () => {
    assert.equal(mostHeld(pace({ remaining: 80 })), 10);
    assert.equal(mostHeld(pace({ remaining: 3 })), 1);
  });

  test("none towards the end, where it would wait behind another while ranks are idle", () => {
    assert.equal(depth(1, 0, pace({ remaining: 8, meanMs: 10 })), 1);
  });

  test("rank 0 keeps what it has done itself before an answer could come", () => {
    assert.equal(depth(1, 0, pace({ remaining: 10, meanMs: 0.01, rootMs: 0.01 })), 0);
    assert.ok(depth(1, 0, pace({ remaining: 10, meanMs: 0.01, rootMs: undefined })) > 0);
  });

  test("rank 0 keeps what takes it less than to give it away, however slow the others have begun", () => {
    assert.equal(depth(100, 0, pace({ meanMs: 0.1, rootMs: 0.0005 })), 0);
    assert.ok(depth(100, 0, pace({ meanMs: 0.1, rootMs: 0.05 })) > 0);
  });
});
