import type { PoolTasks, PoolWorkers } from "../tasks/pool-workers.ts";
import type { Communicator } from "./api/communicator.ts";
import type { PoolOptions } from "./api/tasks.ts";

/**
 * The same as `world.pool(tasks, driver, options)`.
 *
 * ```ts
 * await pool(world, { render }, async (workers) => {
 *   for await (const pixels of workers.imap("render", tiles)) draw(pixels);
 * });
 * ```
 * @param world the communicator whose ranks work
 * @param tasks the functions that the driver may name
 * @param driver runs at rank 0, and hands out work with its argument
 * @param options `initializer`, `rootWorks`, `concurrency`, `signal`
 * @throws MpiError as `world.pool`
 */
export function pool<T extends PoolTasks, R, S = undefined>(
  world: Communicator,
  tasks: T,
  driver: (workers: PoolWorkers<T>) => R | Promise<R>,
  options: PoolOptions<S> = {},
): Promise<R | undefined> {
  return world.pool(tasks, driver, options);
}
