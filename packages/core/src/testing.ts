import type { Communicator } from "./communicators/api/communicator.ts";
import { type LocalOptions, LocalWorld } from "./worlds/local-world.ts";

export type { LocalOptions } from "./worlds/local-world.ts";

/**
 * Runs `program` as `size` ranks within this process and gives their results in the order of ranks: for unit tests, in
 * any test runner.
 *
 * A rank that ends or throws is gone for the others, as a process would be: whoever waits for it rejects with
 * `rank-failed`. When every rank waits and nothing is on its way, all reject with `deadlock`. Nothing hangs.
 *
 * ```ts
 * import { local } from "tsmpi/testing";
 * expect(await local(4, (world) => world.allreduce(world.rank, sum))).toEqual([6, 6, 6, 6]);
 * for (let seed = 0; seed < 100; seed++) await local(4, program, { seed });
 * ```
 * @throws whatever the first rank to fail threw; MpiError `rank-failed` for the one of `failAt`; MpiError `deadlock`
 * with a table of who waits for whom in which call; MpiError `mismatch` with all that `check` has found.
 */
export async function local<R>(
  size: number,
  program: (world: Communicator) => R | Promise<R>,
  options: LocalOptions = {},
): Promise<R[]> {
  return new LocalWorld<R>(size, options).run(program);
}
