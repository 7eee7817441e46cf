import assert from "node:assert/strict";
import { test } from "vitest";
import { sourceOf } from "../../../../packages/core/src/tasks/input-source.ts";
import { checkedMapOptions } from "../../../../packages/core/src/tasks/map-options.ts";
import { MapRun } from "../../../../packages/core/src/tasks/map-run.ts";
import { ProgressMeter } from "../../../../packages/core/src/tasks/progress-meter.ts";
import { Queue } from "../../../../packages/core/src/tasks/queue.ts";
import { ResultList } from "../../../../packages/core/src/tasks/results.ts";

const counts = { busy: 0, ranks: 2, slowest: [], lost: [] };

function runOf(task: string, inputs: readonly unknown[], queue: Queue): MapRun {
  const made = new MapRun({
    task,
    spread: false,
    settings: checkedMapOptions({}, 2, false),
    source: sourceOf(inputs, () => {}),
    sink: new ResultList(false),
    meter: new ProgressMeter(task, counts, undefined),
    journal: undefined,
    site: "",
    returned: (again) => queue.add(again),
  });
  queue.add(made);
  return made;
}

/** Hands out all that a rank with so many chunks gets, and counts how many runs were asked. */
function handOut(queue: Queue, held: number, meanMs: number | undefined): { order: string[]; asked: number } {
  const order: string[] = [];
  let asked = 0;
  for (;;) {
    const chunk = queue.next((each, others) => {
      asked += 1;
      return each.take(1, { chunks: held, tasks: held, leftMs: 0 }, { ranks: 2, others, meanMs, rootMs: undefined });
    });
    if (chunk === undefined) return { order, asked };
    order.push(...chunk.items.map((item) => `${chunk.run.task}${String(item.input)}`));
  }
}

test("thousands of runs are asked once each, and none of them when a rank has enough to do", () => {
  const queue = new Queue();
  for (let i = 0; i < 5000; i++) runOf("run", [i], queue);
  assert.deepEqual(handOut(queue, 2, 10), { order: [], asked: 1 });
  const { order, asked } = handOut(queue, 0, 10);
  assert.deepEqual(
    order,
    Array.from({ length: 5000 }, (_, i) => `run${i}`),
  );
  assert.equal(asked, 5000);
  assert.deepEqual(handOut(queue, 0, 10), { order: [], asked: 0 });
});

test("many runs of one input each keep a rank as busy as one run with as many inputs", () => {
  const queue = new Queue();
  for (let i = 0; i < 100; i++) runOf("run", [i], queue);
  assert.ok(handOut(queue, 1, 0.1).order.length > 50);
  assert.equal(handOut(queue, 1, 0.1).order.length, 0); // the last ones go to whoever is idle
});

test("tasks take turns, and so do the runs of a task", () => {
  const queue = new Queue();
  for (const name of ["a", "b"]) runOf("run", [`${name}1`, `${name}2`], queue);
  runOf("other", [1, 2, 3, 4], queue);
  assert.deepEqual(handOut(queue, 0, undefined).order, [
    ...["runa1", "other1", "runb1", "other2", "runa2", "other3", "runb2", "other4"],
  ]);
});

test("a run whose input comes back is in the queue again, and one without inputs has ended", async () => {
  const queue = new Queue();
  await runOf("run", [], queue).finished;
  const one = runOf("run", [7], queue);
  const chunk = queue.next((each) =>
    each.take(1, { chunks: 0, tasks: 0, leftMs: 0 }, { ranks: 2, meanMs: undefined, rootMs: undefined }),
  );
  assert.deepEqual(handOut(queue, 0, undefined).order, []);
  one.putBack(chunk?.items ?? []);
  assert.deepEqual(handOut(queue, 0, undefined).order, ["run7"]);
});
