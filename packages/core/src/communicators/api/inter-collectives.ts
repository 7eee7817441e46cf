import type {
  CallOptions,
  DeterministicOptions,
  InterRootOptions,
  IntoOptions,
  OptionalIntoOptions,
  ReduceOptions,
  RootValue,
} from "../../calls/options.ts";
import type { ArrayOrBlock, Block } from "../../calls/regions/block.ts";
import type { TypedArray } from "../../calls/typed-array.ts";
import type { Reducer } from "../../ops/op.ts";

/**
 * Collectives of two groups: the data of one group goes to the other. All ranks of both groups call them, in the same
 * order. The root of a call is in one group; its options say where: `"here"` at the root, null in the rest of its group, the
 * root's rank in the other group.
 *
 * The examples go on from here, on 4 ranks:
 *
 * ```ts
 * const left = world.rank < 2;
 * const half = await world.split(left ? 0 : 1);
 * const other = await half.intercomm({ bridge: world, remoteLeader: left ? 2 : 0 });
 * const root = left ? (other.rank === 0 ? "here" : null) : 0; // rank 0 of the left group
 * ```
 *
 * There is no scan, because two groups have no common order of ranks: `merge` them first. Errors are those of
 * `CollectiveCalls`.
 */
export interface InterCollectiveCalls {
  /**
   * Resolves when all ranks of both groups have called it.
   * @param options `signal`
   * @throws MpiError `mismatch` when ranks are in different collectives
   */
  barrier(options?: CallOptions): Promise<void>;

  /**
   * Gives a copy of the root's value to every rank of the other group; undefined in the root's own group.
   *
   * ```ts
   * const word = await other.bcast("hello", { root }); // => left ? undefined : "hello"
   * ```
   * @param value the value, or a function that makes it at the root; ignored on other ranks
   * @param options `root` is required; `into`, in the other group
   * @throws MpiError `mismatch` when `into` has another type or is too short
   */
  bcast<A extends TypedArray>(
    value: RootValue<ArrayOrBlock<A>> | undefined,
    options: InterRootOptions & IntoOptions<Block<A>>,
  ): Promise<Block<A> | undefined>;
  bcast<A extends TypedArray>(
    value: RootValue<ArrayOrBlock<A>> | undefined,
    options: InterRootOptions & OptionalIntoOptions<A>,
  ): Promise<A | undefined>;
  bcast<T>(value: RootValue<T> | undefined, options: InterRootOptions): Promise<T | undefined>;

  /**
   * Gives a copy of part r of the root's list to rank r of the other group; undefined in the root's own group.
   *
   * ```ts
   * const part = await other.scatter(["a", "b"], { root }); // => left ? undefined : ["a", "b"][other.rank]
   * ```
   * @param parts the list, or a function that makes it at the root; ignored on other ranks
   * @param options `root` is required; `into`, in the other group
   * @throws MpiError `invalid-argument` when there are not as many parts as ranks in the other group; `mismatch` for `into`
   */
  scatter<A extends TypedArray>(
    parts: RootValue<readonly ArrayOrBlock<A>[]> | undefined,
    options: InterRootOptions & IntoOptions<Block<A>>,
  ): Promise<Block<A> | undefined>;
  scatter<A extends TypedArray>(
    parts: RootValue<readonly ArrayOrBlock<A>[]> | undefined,
    options: InterRootOptions & OptionalIntoOptions<A>,
  ): Promise<A | undefined>;
  scatter<T>(parts: RootValue<readonly T[]> | undefined, options: InterRootOptions): Promise<T | undefined>;

  /**
   * Gives the root a list of copies of the other group's values, in the order of its ranks; undefined elsewhere.
   *
   * ```ts
   * const all = await other.gather(world.rank, { root }); // => world.rank === 0 ? [2, 3] : undefined
   * ```
   * @param value this rank's value; ignored in the root's own group
   * @param options `root` is required; `into`, at the root: one array for all values, one after the other
   * @throws MpiError `mismatch` when `into` has another type or is too short
   */
  gather<A extends TypedArray>(
    value: ArrayOrBlock<A>,
    options: InterRootOptions & IntoOptions<A>,
  ): Promise<A | undefined>;
  gather<A extends TypedArray>(
    value: ArrayOrBlock<A>,
    options: InterRootOptions & IntoOptions<Block<A>>,
  ): Promise<Block<A> | undefined>;
  gather<A extends TypedArray>(value: Block<A>, options: InterRootOptions): Promise<A[] | undefined>;
  gather<T>(value: T, options: InterRootOptions): Promise<T[] | undefined>;

  /**
   * Gives the root a new value, the other group's values combined in the order of its ranks; undefined elsewhere.
   *
   * ```ts
   * const total = await other.reduce(world.rank, sum, { root }); // => world.rank === 0 ? 5 : undefined
   * ```
   * @param value this rank's value; ignored in the root's own group
   * @param op `sum`, `max`, ..., one of `createOp`, or a function `(a, b) => c`
   * @param options `root` is required; `deterministic`; `into`, at the root
   * @throws MpiError `mismatch` when types or lengths differ
   */
  reduce<A extends TypedArray>(
    value: ArrayOrBlock<A>,
    op: Reducer<A>,
    options: InterRootOptions & DeterministicOptions & IntoOptions<Block<A>>,
  ): Promise<Block<A> | undefined>;
  reduce<A extends TypedArray>(
    value: Block<A>,
    op: Reducer<A>,
    options: InterRootOptions & ReduceOptions<A>,
  ): Promise<A | undefined>;
  reduce<T>(value: T, op: Reducer<T>, options: InterRootOptions & ReduceOptions<T>): Promise<T | undefined>;

  /**
   * Gives every rank a list of copies of the other group's values, in the order of its ranks.
   *
   * ```ts
   * const theirs = await other.allgather(world.rank); // => left ? [2, 3] : [0, 1]
   * ```
   * @param value this rank's value
   * @param options `into`, one array for all values, one after the other; `signal`
   * @throws MpiError `mismatch` when `into` has another type or is too short
   */
  allgather<A extends TypedArray>(value: ArrayOrBlock<A>, options: CallOptions & IntoOptions<A>): Promise<A>;
  allgather<A extends TypedArray>(
    value: ArrayOrBlock<A>,
    options: CallOptions & IntoOptions<Block<A>>,
  ): Promise<Block<A>>;
  allgather<A extends TypedArray>(value: Block<A>, options?: CallOptions): Promise<A[]>;
  allgather<T>(value: T, options?: CallOptions): Promise<T[]>;

  /**
   * Gives `parts[r]` to rank r of the other group, and a list of copies of what each of its ranks had for this one.
   *
   * ```ts
   * const got = await other.alltoall([world.rank, world.rank]); // => left ? [2, 3] : [0, 1]
   * ```
   * @param parts one part for each rank of the other group
   * @param options `into`, one array for all parts, one after the other; `signal`
   * @throws MpiError `invalid-argument` when there are not as many parts as ranks in the other group; `mismatch` for `into`
   */
  alltoall<A extends TypedArray>(parts: readonly ArrayOrBlock<A>[], options: CallOptions & IntoOptions<A>): Promise<A>;
  alltoall<A extends TypedArray>(
    parts: readonly ArrayOrBlock<A>[],
    options: CallOptions & IntoOptions<Block<A>>,
  ): Promise<Block<A>>;
  alltoall<A extends TypedArray>(parts: readonly Block<A>[], options?: CallOptions): Promise<A[]>;
  alltoall<T>(parts: readonly T[], options?: CallOptions): Promise<T[]>;

  /**
   * Gives every rank a new value, the other group's values combined in the order of its ranks.
   *
   * ```ts
   * const total = await other.allreduce(world.rank, sum); // => left ? 5 : 1
   * ```
   * @param value this rank's value
   * @param op `sum`, `max`, ..., one of `createOp`, or a function `(a, b) => c`
   * @param options `deterministic`, `into`, `signal`
   * @throws MpiError `mismatch` when types or lengths differ
   */
  allreduce<A extends TypedArray>(
    value: ArrayOrBlock<A>,
    op: Reducer<A>,
    options: DeterministicOptions & IntoOptions<Block<A>>,
  ): Promise<Block<A>>;
  allreduce<A extends TypedArray>(value: Block<A>, op: Reducer<A>, options?: ReduceOptions<A>): Promise<A>;
  allreduce<T>(value: T, op: Reducer<T>, options?: ReduceOptions<T>): Promise<T>;

  /**
   * Gives rank r a new value, the `parts[r]` of the other group's ranks combined in their order.
   *
   * ```ts
   * const mine = await other.reduceScatter([world.rank, 10], sum); // => [left ? 5 : 1, 20][other.rank]
   * ```
   * @param parts one part for each rank of the other group
   * @param op `sum`, `max`, ..., one of `createOp`, or a function `(a, b) => c`
   * @param options `into`, `signal`
   * @throws MpiError `invalid-argument` when there are not as many parts as ranks in the other group
   */
  reduceScatter<A extends TypedArray>(
    parts: readonly ArrayOrBlock<A>[],
    op: Reducer<A>,
    options: CallOptions & IntoOptions<Block<A>>,
  ): Promise<Block<A>>;
  reduceScatter<A extends TypedArray>(
    parts: readonly Block<A>[],
    op: Reducer<A>,
    options?: CallOptions & OptionalIntoOptions<A>,
  ): Promise<A>;
  reduceScatter<T>(parts: readonly T[], op: Reducer<T>, options?: CallOptions & OptionalIntoOptions<T>): Promise<T>;
}
