import assert from "node:assert/strict";
import { test } from "vitest";
import type { Work } from "../../../../packages/core/src/tasks/messages.ts";
import { WorkQueue } from "../../../../packages/core/src/tasks/work-queue.ts";

/** A queue with chunks of these numbers of tasks. Each input is the number of its task. */
function queueOf(...sizes: number[]): WorkQueue {
  const queue = new WorkQueue();
  let number = 0;
  for (const size of sizes) queue.push({ inputs: Array.from({ length: size }, () => number++) } as unknown as Work);
  return queue;
}

/** The numbers of the tasks that this worker does. */
function rest(queue: WorkQueue): unknown[] {
  const done: unknown[] = [];
  for (let chunk = queue.first; chunk !== undefined; chunk = queue.first) {
    done.push(chunk.work.inputs[queue.next - chunk.from]);
    queue.done(1);
  }
  return done;
}

test("tasks are done in the order of arrival", () => {
  assert.deepEqual(rest(queueOf(2, 1, 3)), [0, 1, 2, 3, 4, 5]);
});

test("what has not begun goes back, also a part of a chunk, and never the task at work", () => {
  const queue = queueOf(3, 4, 2);
  queue.done(1);
  assert.equal(queue.giveBack(5), 4);
  assert.deepEqual(rest(queue), [1, 2, 3, 4]);
  const another = queueOf(3, 2);
  another.done(1);
  assert.equal(another.giveBack(0), 3);
  assert.deepEqual(rest(another), [1]);
});

test("numbers of tasks that went back are not used again", () => {
  const queue = queueOf(1, 3);
  assert.equal(queue.giveBack(2), 2);
  queue.push({ inputs: ["new"] } as unknown as Work);
  queue.done(1);
  assert.equal(queue.next, 1);
  queue.done(1);
  assert.equal(queue.next, 4);
  assert.deepEqual(rest(queue), ["new"]);
});

test("a worker without tasks gives back none", () => {
  assert.equal(queueOf().giveBack(0), 0);
  const queue = queueOf(1);
  queue.done(1);
  assert.equal(queue.giveBack(0), 0);
});
