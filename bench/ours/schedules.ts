import { setTimeout } from "node:timers/promises";
import { init, pool } from "tsmpi";
import { greedyMs, lists } from "./lists.ts";

/**
 * Time of each list of tasks, divided by that of the greedy list schedule: `schedules.ts map` or `schedules.ts pool`. Tasks sleep, or
 * keep their CPU busy. Each row has a task of its own name, so that no times are known; after the rows "warm" they are.
 */
const [call = "map"] = process.argv.slice(2);
const world = await init();
const workers = call === "map" ? world.size : world.size - 1;

const kinds = {
  sleep: async (ms: number): Promise<void> => void (await setTimeout(ms)),
  compute: (ms: number): void => {
    const until = performance.now() + ms;
    while (performance.now() < until);
  },
};
const sources: Record<string, (list: readonly number[]) => Iterable<number>> = {
  array: (list) => list,
  generator: function* (list) {
    yield* list;
  },
};

type Task = (ms: number) => void | Promise<void>;
const tasks: Record<string, Task> = {};
for (const [kind, work] of Object.entries(kinds)) {
  for (const list of Object.keys(lists))
    for (const source of Object.keys(sources)) tasks[`${list} ms, ${kind}, ${source}`] = named(work);
}

function named(work: Task): Task {
  return (ms) => work(ms);
}

function print(row: string, list: readonly number[], ms: number): void {
  console.log(JSON.stringify({ row, value: ms / greedyMs(list, workers) }));
}

async function rows(run: (task: string, inputs: Iterable<number>) => Promise<unknown>): Promise<void> {
  for (const [name, list] of Object.entries(lists)) {
    for (const kind of Object.keys(kinds)) {
      for (const [source, of] of Object.entries(sources)) {
        const row = `${name} ms, ${kind}, ${source}`;
        if (call === "map") await world.barrier();
        const began = performance.now();
        await run(row, of(list));
        if (world.rank === 0) print(row, list, performance.now() - began);
      }
    }
  }
}

if (call === "map") {
  await rows((task, inputs) => {
    const work = tasks[task] as Task;
    return world.map(
      Object.defineProperty((ms: number) => work(ms), "name", { value: task }),
      () => inputs as number[],
    );
  });
} else {
  await pool(world, tasks, (members) => rows((task, inputs) => members.map(task, inputs)));
}
