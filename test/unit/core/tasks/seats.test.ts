import assert from "node:assert/strict";
import { MpiError } from "tsmpi";
import { expect, test } from "vitest";
import { sourceOf } from "../../../../packages/core/src/tasks/input-source.ts";
import { checkedMapOptions } from "../../../../packages/core/src/tasks/map-options.ts";
import { MapRun } from "../../../../packages/core/src/tasks/map-run.ts";
import { ProgressMeter } from "../../../../packages/core/src/tasks/progress-meter.ts";
import { ResultList } from "../../../../packages/core/src/tasks/results.ts";
import { Scheduler } from "../../../../packages/core/src/tasks/scheduler.ts";
import { seatedGroup } from "../../../../packages/core/src/tasks/seats.ts";
import type { TaskGroup } from "../../../../packages/core/src/tasks/task-group.ts";
import type { WorkerState } from "../../../../packages/core/src/tasks/worker-state.ts";
import type { Parcel } from "../../../../packages/core/src/wire/codec/codec.ts";

const place = { rank: 1, host: "n042" };

/** Two workers with three seats each, beside rank 0, which hands out only. Workers 1, 3, 5 are seats of rank 1. */
function seated(inputs: readonly number[]): { scheduler: Scheduler; run: MapRun; handOut: () => string[] } {
  const scheduler = new Scheduler(0, 3, false, 3);
  const run = new MapRun({
    task: "task",
    spread: false,
    settings: checkedMapOptions({ chunkSize: 1 }, 2, false, 3),
    source: sourceOf(inputs, () => {}),
    sink: new ResultList(false),
    meter: new ProgressMeter("task", { busy: 0, ranks: 2, slowest: [], lost: [] }, undefined),
    journal: undefined,
    site: "",
    returned: (again) => scheduler.picker.queue.add(again),
  });
  scheduler.picker.queue.add(run);
  const handOut = (): string[] => {
    const given: string[] = [];
    scheduler.handOut(0, 6, (worker, chunk) => {
      worker.give(chunk, () => {});
      given.push(`${worker.rank}: ${chunk.items.map((item) => item.input).join()}`);
    });
    return given;
  };
  return { scheduler, run, handOut };
}

const answer = (worker: WorkerState | undefined): void => {
  for (const { run, items } of worker?.answered(1) ?? []) run.settleAll(items, 0, [0], place);
};

test("a rank gets a second task when it is known that tasks return promises, and first seats come first", () => {
  const { scheduler, handOut } = seated([0, 1, 2, 3, 4, 5, 6, 7]);
  assert.deepEqual(handOut(), ["1: 0", "2: 1"]);
  scheduler.picker.isAsync("task");
  assert.deepEqual(handOut(), ["3: 2", "4: 3", "5: 4", "6: 5"]);
  answer(scheduler.workers[3]);
  assert.deepEqual(handOut(), ["4: 6"]);
});

test("a task that may have ended its rank goes out alone: to a rank without work, which gets nothing beside it", () => {
  const { scheduler, run, handOut } = seated([0, 1, 2, 3, 4, 5, 6, 7]);
  scheduler.picker.isAsync("task");
  assert.deepEqual(handOut().length, 6);
  const rank1 = (scheduler.workers[0] as WorkerState).seats;
  assert.deepEqual(
    rank1.map(({ rank }) => rank),
    [1, 3, 5],
  );
  const error = new MpiError("rank-failed", "rank 1 is gone");
  for (const seat of rank1) {
    seat.lost = true;
    for (const { items, begun } of seat.giveUp()) run.lost(items, begun, error, place);
  }
  assert.deepEqual(handOut(), []); // rank 2 has work
  answer(scheduler.workers[1]);
  assert.deepEqual(handOut(), ["2: 6"]); // new inputs come before suspects
  for (const seat of (scheduler.workers[1] as WorkerState).seats) answer(seat);
  assert.deepEqual(handOut(), ["2: 0"]);
  answer(scheduler.workers[1]);
  assert.deepEqual(handOut(), ["2: 2"]);
});

test("messages of several seats share the way between two ranks, and nothing is received while no seat waits", async () => {
  const parcel = (byte: number): Parcel => ({ head: Uint8Array.of(byte), attachments: [] });
  const sent: Parcel[] = [];
  let receives = 0;
  let arrive: (parcel: Parcel) => void = () => {};
  const peers = {
    rank: 0,
    size: 2,
    send: async (_: number, each: Parcel) => void sent.push(each),
    recv: () =>
      new Promise<Parcel>((resolve) => {
        receives += 1;
        arrive = resolve;
      }),
  };
  const group = seatedGroup({ peers, members: [4, 7], hosts: ["a", "b"] } as unknown as TaskGroup, 3, () => {});
  expect([group.members, group.hosts, group.peers.size]).toEqual([[4, 7, 7, 7], ["a", "b", "b", "b"], 4]);
  await group.peers.send(2, parcel(20));
  await group.peers.send(3, parcel(30));
  const third = group.peers.recv(3);
  arrive(sent[0] as Parcel); // of the second seat
  await new Promise((resolve) => setImmediate(resolve));
  arrive(sent[1] as Parcel);
  expect([...(await third).head]).toEqual([30]);
  expect([...(await group.peers.recv(2)).head]).toEqual([20]);
  expect(receives).toBe(2);
});
