import type {
  CallOptions,
  IntoListOptions,
  IntoOptions,
  OptionalIntoOptions,
  RootOptions,
  RootValue,
} from "../../calls/options.ts";
import type { ArrayOrBlock, Block } from "../../calls/regions/block.ts";
import type { TypedArray } from "../../calls/typed-array.ts";

/**
 * Collectives that move values. All ranks of the communicator call them, in the same order; any number may be pending.
 *
 * A collective that fails on one rank rejects on every rank that still needs data of it. Where it resolves, the result is
 * right. Later collectives work again, unless ranks were in different collectives: then all later ones reject.
 *
 * Every one may reject with MpiError `invalid-argument`, `unserializable`, `mismatch` (ranks disagree about the call),
 * `rank-failed`, `deadlock`, `aborted` or `closed`.
 */
export interface CollectiveCalls {
  /** Name of each rank's host, by rank. */
  readonly hosts: readonly string[];

  /**
   * Resolves when all ranks have called it.
   *
   * ```ts
   * await world.barrier();
   * ```
   * @param options `signal`
   * @throws MpiError `mismatch` when ranks are in different collectives; see {@link CollectiveCalls}
   */
  barrier(options?: CallOptions): Promise<void>;

  /**
   * Gives the root's value to every rank: a copy elsewhere, the caller's own object at the root.
   *
   * The root's object is not copied, because a copy of a large array would double its memory. The `value` of other ranks
   * is ignored and may be left out. With `into` every rank, the root included, gets the elements in its own array.
   *
   * ```ts
   * const config = await world.bcast(() => ({ steps: 100 }));
   * config.steps; // => 100
   * ```
   * @param value the value, or a function that makes it at the root
   * @param options `root`, default 0
   * @throws MpiError `mismatch` when `into` has another type or is too short; see {@link CollectiveCalls}
   */
  bcast<A extends TypedArray>(
    value: RootValue<ArrayOrBlock<A>> | undefined,
    options: RootOptions & IntoOptions<A>,
  ): Promise<A>;
  bcast<A extends TypedArray>(
    value: RootValue<ArrayOrBlock<A>> | undefined,
    options: RootOptions & IntoOptions<Block<A>>,
  ): Promise<Block<A>>;
  bcast<A extends TypedArray>(value: RootValue<Block<A>>, options?: RootOptions): Promise<A>;
  bcast<T>(value?: RootValue<T>, options?: RootOptions): Promise<T>;

  /**
   * Gives part r of the root's list to rank r: a copy on every rank, the root included.
   *
   * There is one part for each rank; parts may differ in length.
   *
   * ```ts
   * const mine = await world.scatter(() => chunks([1, 2, 3, 4], world.size)); // => [world.rank + 1]
   * ```
   * @param parts the list, or a function that makes it at the root; ignored on other ranks
   * @param options `root`, default 0
   * @throws MpiError `invalid-argument` on every rank when there are not as many parts as ranks; see {@link CollectiveCalls}
   */
  scatter<A extends TypedArray>(
    parts: RootValue<readonly ArrayOrBlock<A>[]> | undefined,
    options: RootOptions & IntoOptions<A>,
  ): Promise<A>;
  scatter<A extends TypedArray>(
    parts: RootValue<readonly ArrayOrBlock<A>[]> | undefined,
    options: RootOptions & IntoOptions<Block<A>>,
  ): Promise<Block<A>>;
  scatter<A extends TypedArray>(parts: RootValue<readonly Block<A>[]>, options?: RootOptions): Promise<A>;
  scatter<T>(parts?: RootValue<readonly T[]>, options?: RootOptions): Promise<T>;

  /**
   * Gives the root a list of copies of all ranks' values, in the order of ranks, its own included; undefined elsewhere.
   *
   * With `into` the root gets the elements of all arrays, one after the other, in one array; other ranks may leave it out.
   *
   * ```ts
   * const all = await world.gather(world.rank);
   * if (world.rank === 0) all?.length; // 4: [0, 1, 2, 3]
   * ```
   * @param value this rank's value; values may differ in length
   * @param options `root`, default 0
   * @throws MpiError `mismatch` when `into` has another type or is too short; see {@link CollectiveCalls}
   */
  gather<A extends TypedArray>(value: ArrayOrBlock<A>, options: RootOptions & IntoOptions<A>): Promise<A | undefined>;
  gather<A extends TypedArray>(
    value: ArrayOrBlock<A>,
    options: RootOptions & IntoOptions<Block<A>>,
  ): Promise<Block<A> | undefined>;
  gather<A extends TypedArray>(
    value: ArrayOrBlock<A>,
    options: RootOptions & IntoListOptions<A>,
  ): Promise<readonly ArrayOrBlock<A>[] | undefined>;
  gather<A extends TypedArray>(value: A, options: RootOptions & OptionalIntoOptions<A>): Promise<A | A[] | undefined>;
  gather<A extends TypedArray>(value: Block<A>, options?: RootOptions): Promise<A[] | undefined>;
  gather<T>(value: T, options?: RootOptions): Promise<T[] | undefined>;

  /**
   * Gives every rank a list of copies of all ranks' values, in the order of ranks, its own included.
   *
   * With `into` the elements of all arrays lie one after the other in one array.
   *
   * ```ts
   * const all = await world.allgather(world.rank); // => [0, 1, 2, 3]
   * ```
   * @param value this rank's value; values may differ in length
   * @param options `into`, `signal`
   * @throws MpiError `mismatch` when `into` has another type or is too short; see {@link CollectiveCalls}
   */
  allgather<A extends TypedArray>(value: ArrayOrBlock<A>, options: CallOptions & IntoOptions<A>): Promise<A>;
  allgather<A extends TypedArray>(
    value: ArrayOrBlock<A>,
    options: CallOptions & IntoOptions<Block<A>>,
  ): Promise<Block<A>>;
  allgather<A extends TypedArray>(
    value: ArrayOrBlock<A>,
    options: CallOptions & IntoListOptions<A>,
  ): Promise<readonly ArrayOrBlock<A>[]>;
  allgather<A extends TypedArray>(value: Block<A>, options?: CallOptions): Promise<A[]>;
  allgather<T>(value: T, options?: CallOptions): Promise<T[]>;

  /**
   * Gives `parts[r]` to each rank r, and a list of copies of the parts that all ranks had for this one, its own included.
   *
   * With `into` the elements of all parts lie one after the other in one array.
   *
   * ```ts
   * const got = await world.alltoall([0, 1, 2, 3].map((to) => `${world.rank} to ${to}`));
   * got[2]; // => `2 to ${world.rank}`
   * ```
   * @param parts one part for each rank; parts may differ in length
   * @param options `into`, `signal`
   * @throws MpiError `invalid-argument` when there are not as many parts as ranks; see {@link CollectiveCalls}
   */
  alltoall<A extends TypedArray>(parts: readonly ArrayOrBlock<A>[], options: CallOptions & IntoOptions<A>): Promise<A>;
  alltoall<A extends TypedArray>(
    parts: readonly ArrayOrBlock<A>[],
    options: CallOptions & IntoOptions<Block<A>>,
  ): Promise<Block<A>>;
  alltoall<A extends TypedArray>(
    parts: readonly ArrayOrBlock<A>[],
    options: CallOptions & IntoListOptions<A>,
  ): Promise<readonly ArrayOrBlock<A>[]>;
  alltoall<A extends TypedArray>(parts: readonly Block<A>[], options?: CallOptions): Promise<A[]>;
  alltoall<T>(parts: readonly T[], options?: CallOptions): Promise<T[]>;
}
