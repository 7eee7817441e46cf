import type { Cancellable } from "../calls/options.ts";
import { pool as serveOrDrive } from "../tasks/pool.ts";
import type { Tasks, Workers } from "../tasks/pool-workers.ts";
import type { CrewOptions } from "../tasks/task.ts";
import type { Communicator } from "./communicator.ts";

export interface PoolOptions<S = unknown> extends CrewOptions<S>, Cancellable {}

/**
 * Rank 0 drives, the others do the tasks it names until the driver has returned; in a world of one, rank 0 does them.
 * Collective: every rank calls it, with the same tasks. Gives what the driver returned at rank 0, undefined elsewhere.
 *
 * ```ts
 * await pool(world, { render }, async (workers) => {
 *   for await (const pixels of workers.imap("render", tiles)) draw(pixels);
 * });
 * ```
 *
 * A task that fails rejects its own call, and the pool goes on. When the driver throws, the pool rejects on every rank:
 * at rank 0 with what was thrown, elsewhere with `aborted`. Calls that the driver does not await are waited for.
 */
export async function pool<T extends Tasks, R, S = undefined>(
  world: Communicator,
  tasks: T,
  driver: (workers: Workers<T>) => R | Promise<R>,
  options: PoolOptions<S> = {},
): Promise<R | undefined> {
  const drive = (workers: Workers<Tasks>): unknown => driver(workers as unknown as Workers<T>);
  return world.handOut("pool", options, (crew) => serveOrDrive(crew, tasks, drive, options)) as Promise<R | undefined>;
}
