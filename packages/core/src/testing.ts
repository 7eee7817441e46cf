import type { Communicator } from "./communicators/api/communicator.ts";
import { type LocalOptions, LocalWorld } from "./worlds/local-world.ts";

export type { FailAt, LocalOptions } from "./worlds/local-world.ts";

/**
 * Runs `program` as `size` ranks within this process, and gives their results in the order of ranks: for unit tests, in
 * any test runner.
 *
 * A rank that ends or throws is gone for the others, like a process: calls that wait for it reject with `rank-failed`. When
 * every rank waits and no message is pending, all reject with `deadlock`. Nothing hangs.
 *
 * ```ts
 * import { local } from "tsmpi/testing";
 * expect(await local(4, (world) => world.allreduce(world.rank, sum))).toEqual([6, 6, 6, 6]);
 * for (let seed = 0; seed < 100; seed++) await local(4, program, { seed });
 * ```
 * @param size number of ranks
 * @param program what each rank runs
 * @param options `seed`, `failAt`, `keepGoing`, `ranksPerHost`, `check`
 * @throws what the first rank to fail threw; MpiError `rank-failed` for the rank of `failAt`; MpiError `deadlock` with a
 * table of the pending calls and the ranks that they wait for; MpiError `mismatch` with everything that `check` has found.
 */
export async function local<R>(
  size: number,
  program: (world: Communicator) => R | Promise<R>,
  options: LocalOptions = {},
): Promise<R[]> {
  return new LocalWorld<R>(size, options).run(program);
}
