import { invalid, show } from "../calls/check.ts";
import { Dispatcher } from "./dispatcher.ts";
import { haltWithTheJob } from "./map.ts";
import { type PoolTasks, RootWorkers } from "./pool-workers.ts";
import type { AnyTask, InitializerOptions } from "./task.ts";
import type { TaskGroup } from "./task-group.ts";
import { TaskRunner } from "./task-runner.ts";
import { serve } from "./worker.ts";

/** One rank's part in `pool(world, tasks, driver, options)`: the driver's result at rank 0, undefined elsewhere. */
export async function pool(
  group: TaskGroup,
  tasks: PoolTasks,
  driver: (workers: RootWorkers) => unknown,
  options: InitializerOptions<unknown>,
): Promise<unknown> {
  const named = checked(tasks);
  if (typeof driver !== "function") throw invalid(`driver is ${show(driver)}, but it is a function`);
  const { rank, size } = group.peers;
  const runner = rank !== 0 || size === 1 ? new TaskRunner(rank, named) : undefined;
  const dispatcher = rank === 0 ? new Dispatcher(group, runner, true) : undefined;
  const prepared = runner?.prepare(options.initializer, group.signal);
  if (dispatcher === undefined) {
    await prepared;
    await serve(group.peers, runner as TaskRunner);
    return undefined;
  }
  const forget = haltWithTheJob(group, dispatcher);
  const workers = new RootWorkers(group, dispatcher, named);
  // Before the calls under way reject for the same reason: also when the driver has returned, and they are waited for here.
  dispatcher.broken.catch(() => workers.abandon());
  try {
    await prepared;
    const result = await Promise.race([driver(workers), dispatcher.broken]);
    await workers.close();
    await dispatcher.end();
    return result;
  } catch (error) {
    workers.abandon();
    dispatcher.fail(error);
    throw error;
  } finally {
    forget();
  }
}

function checked(tasks: PoolTasks): Map<string, AnyTask> {
  const named = new Map(typeof tasks === "object" && tasks !== null ? Object.entries(tasks) : []);
  if (named.size === 0) throw invalid(`tasks is ${show(tasks)}, but it is an object with a function for each task`);
  for (const [name, work] of named) {
    if (typeof work !== "function") throw invalid(`the task ${show(name)} is ${show(work)}, but a task is a function`);
  }
  return named;
}
