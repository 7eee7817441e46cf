import { invalid, show } from "../calls/check.ts";
import { checkedConcurrency } from "./map-options.ts";
import type { PoolTasks } from "./pool-workers.ts";
import { RootWorkers } from "./root-workers.ts";
import type { AnyTask, ConcurrencyOptions, InitializerOptions } from "./task.ts";
import { runTaskCall } from "./task-call.ts";
import type { TaskGroup } from "./task-group.ts";

/** One rank's part in `pool(world, tasks, driver, options)`: the driver's result at rank 0, undefined elsewhere. */
export async function pool(
  group: TaskGroup,
  tasks: PoolTasks,
  driver: (workers: RootWorkers) => unknown,
  options: InitializerOptions<unknown> & ConcurrencyOptions & { rootWorks?: boolean | undefined },
): Promise<unknown> {
  const named = checked(tasks);
  if (typeof driver !== "function") throw invalid(`driver is ${show(driver)}, but it is a function`);
  const { initializer, rootWorks = false } = options;
  const call = {
    tasks: named,
    rootWorks,
    attentive: true,
    concurrency: checkedConcurrency(options.concurrency),
    initializer,
  };
  return runTaskCall(group, call, async (dispatcher, prepared) => {
    const workers = new RootWorkers(group, dispatcher, named);
    // Registered before the calls under way can reject for the same reason. It holds also after the driver has returned, while
    // its calls are awaited here.
    dispatcher.broken.catch(() => workers.abandon());
    try {
      await prepared;
      group.isAtWork = () => true;
      const result = await Promise.race([driver(workers), dispatcher.broken]);
      await workers.close();
      await dispatcher.end();
      return result;
    } catch (error) {
      workers.abandon();
      throw error;
    }
  });
}

function checked(tasks: PoolTasks): Map<string, AnyTask> {
  const named = new Map(typeof tasks === "object" && tasks !== null ? Object.entries(tasks) : []);
  if (named.size === 0) throw invalid(`tasks is ${show(tasks)}, but it is an object with a function for each task`);
  for (const [name, work] of named) {
    if (typeof work !== "function") throw invalid(`the task ${show(name)} is ${show(work)}, but a task is a function`);
  }
  return named;
}
