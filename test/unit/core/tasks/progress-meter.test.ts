import assert from "node:assert/strict";
import type { Progress, RunningTask } from "tsmpi";
import { describe, test } from "vitest";
import { sourceOf } from "../../../../packages/core/src/tasks/input-source.ts";
import { checkedMapOptions } from "../../../../packages/core/src/tasks/map-options.ts";
import { MapRun } from "../../../../packages/core/src/tasks/map-run.ts";
import { ProgressMeter } from "../../../../packages/core/src/tasks/progress-meter.ts";
import { ResultList } from "../../../../packages/core/src/tasks/results.ts";
import { slowest } from "../../../../packages/core/src/tasks/slowest.ts";
import { clock, describeProgress, ProgressLines, roughTime } from "../../../../packages/core/src/wire/progress.ts";

const place = { rank: 3, host: "n042" };

const at = (some: Partial<Progress>): Progress => ({
  task: "render",
  done: 512,
  failed: 0,
  total: 1000,
  elapsedMs: 24_000,
  perSecond: 21.3,
  remainingMs: 23_000,
  busy: 8,
  ranks: 8,
  slowest: [],
  lost: [],
  finished: false,
  ...some,
});

describe("progress in words", () => {
  test("says how much is done, how fast, and how long the rest takes", () => {
    assert.equal(describeProgress(at({})), "render: 512/1000 (51 %), 21/s, about 25 s left, 8/8 ranks busy");
    assert.equal(
      describeProgress(at({ total: undefined, remainingMs: undefined, perSecond: 0.25 })),
      "render: 512 done, 0.25/s, 8/8 ranks busy",
    );
  });

  test("names failures and lost ranks", () => {
    assert.match(describeProgress(at({ failed: 3, lost: [2, 5] })), /3 failed.*lost rank 2, 5$/);
  });

  test("names tasks that take far longer than the others, and how long they have taken", () => {
    const of = (index: number, ms: number): RunningTask => ({
      task: "render",
      index,
      rank: index % 8,
      host: "n042",
      ms,
    });
    const slowest = [of(17, 65_000), of(500, 1100), of(501, 300)];
    // 21 tasks a second on 8 ranks: one takes 0.4 s.
    assert.match(describeProgress(at({ slowest })), /busy, input 17 on rank 1 for 1:05, input 500 on rank 4 for 0:01$/);
    assert.match(describeProgress(at({ slowest, perSecond: 2 })), /busy, input 17 on rank 1 for 1:05$/);
    const first = at({ slowest, done: 0, perSecond: 0, remainingMs: undefined });
    assert.equal(
      describeProgress(first),
      "render: 0/1000 (0 %), 8/8 ranks busy, input 17 on rank 1 for 1:05, input 500 on rank 4 for 0:01",
    );
    assert.doesNotMatch(describeProgress(at({ slowest, finished: true })), /rank/);
  });

  test("leaves out what matters least where there is little room", () => {
    const slowest = [{ task: "render", index: 17, rank: 3, host: "n042", ms: 65_000 }];
    const busy = at({ slowest, failed: 3 });
    assert.equal(
      describeProgress(busy, 79),
      "render: 512/1000 (51 %), 3 failed, about 25 s left, input 17 on rank 3 for 1:05",
    );
    assert.equal(describeProgress(busy, 10), "render: 512/1000 (51 %)");
  });

  test("tells estimates no more exactly than they are", () => {
    const times = [400, 9600, 42_000, 55_000, 170_000, 5_300_000, 9_100_000, 172_900_000];
    assert.deepEqual(times.map(roughTime), ["1 s", "10 s", "40 s", "1 min", "3 min", "88 min", "2.5 h", "2 days"]);
  });

  test("tells times as clocks do", () => {
    assert.deepEqual([0, 59_400, 61_000, 3_723_000].map(clock), ["0:00", "0:59", "1:01", "1:02:03"]);
  });
});

describe("the meter of a map", () => {
  const reports = (ranks: number, inputs: Iterable<number>): { run: MapRun; seen: Progress[] } => {
    const seen: Progress[] = [];
    const counts = { busy: ranks, ranks, slowest: [], lost: [] };
    const run = new MapRun({
      task: "render",
      spread: false,
      settings: checkedMapOptions({}, ranks, false),
      source: sourceOf(inputs, () => {}),
      sink: new ResultList(false),
      meter: new ProgressMeter("render", counts, (progress) => seen.push(progress)),
      journal: undefined,
      site: "",
      returned: () => {},
    });
    return { run, seen };
  };
  /** Ends this many tasks in some time, so that there is a rate. */
  const work = async (run: MapRun, tasks: number): Promise<void> => {
    const items = run.takeOwn(0, tasks, true);
    await new Promise((resolve) => setTimeout(resolve, 110));
    for (const item of items) run.settle(item, { ok: true, value: 0 }, place);
  };

  test("estimates the time left from when each rank can have done a task, until the last ones are at work", async () => {
    const { run, seen } = reports(
      4,
      Array.from({ length: 12 }, (_, i) => i),
    );
    await work(run, 3);
    await work(run, 2);
    await work(run, 4);
    await work(run, 2);
    assert.equal(seen[0]?.remainingMs, undefined);
    const { elapsedMs = 0, done = 0, remainingMs } = seen[1] ?? {};
    assert.equal(remainingMs, ((12 - done) * elapsedMs) / done);
    assert.equal(seen[3]?.remainingMs, undefined); // two tasks are left for four ranks: all are at work
    run.cancel(new Error("enough"));
    assert.deepEqual([seen.at(-1)?.done, seen.at(-1)?.total], [11, 12]);
  });

  test("knows the total of a generator when it has ended", async () => {
    const { run, seen } = reports(1, new Set([1, 2, 3, 4]).values());
    await work(run, 2);
    assert.equal(seen.at(-1)?.total, undefined);
    run.takeOwn(0, 3, true);
    await work(run, 1); // there are no more
    run.cancel(new Error("enough"));
    assert.deepEqual([seen.at(-1)?.done, seen.at(-1)?.total], [2, 4]);
  });
});

test("the tasks at work longest are shown, the longest first", () => {
  const tasks = [40, 10, 30, 20].map((since, index) => ({ task: "render", index, since, ...place }));
  assert.deepEqual(
    slowest(tasks, 50).map(({ index, ms, rank }) => [index, ms, rank]),
    [
      [1, 40, 3],
      [3, 30, 3],
      [2, 20, 3],
    ],
  );
});

describe("progress of a rank that nobody shows it for", () => {
  test("a file gets a line now and then and one at the end", () => {
    let text = "";
    const lines = new ProgressLines({ write: (more) => (text += more) });
    for (let elapsedMs = 0; elapsedMs <= 25_000; elapsedMs += 100) lines.show(at({ elapsedMs }));
    lines.show(at({ elapsedMs: 25_100, done: 1000, finished: true }));
    assert.equal(text.split("\n").length - 1, 3);
    assert.match(text, /1000\/1000 \(100 %\).*took 0:25\n$/);
  });

  test("a terminal gets one line that changes", () => {
    let text = "";
    const lines = new ProgressLines({ isTTY: true, write: (more) => (text += more) });
    lines.show(at({}));
    lines.show(at({ finished: true }));
    assert.equal(text.split("\n").length - 1, 1);
  });
});
