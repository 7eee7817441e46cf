import type {
  CallOptions,
  DeterministicOptions,
  IntoOptions,
  OptionalIntoOptions,
  ReduceOptions,
  RootOptions,
} from "../../calls/options.ts";
import type { ArrayOrBlock, Block } from "../../calls/regions/block.ts";
import type { TypedArray } from "../../calls/typed-array.ts";
import type { Reducer } from "../../ops/op.ts";

/**
 * Collectives that combine values. The rules of `CollectiveCalls` hold for them, too.
 *
 * Typed arrays are combined element by element, whatever the operation. A function must be associative; it is never taken
 * as commutative, so operands keep the order of ranks. Results are new values: no rank holds another rank's object.
 */
export interface ReductionCalls {
  /**
   * Gives the root a new value, all ranks' values combined in the order of ranks; undefined elsewhere.
   *
   * ```ts
   * const total = await world.reduce(world.rank, sum);
   * if (world.rank === 0) total; // 6
   * ```
   * @param value this rank's value; typed arrays have the same length on all ranks
   * @param op `sum`, `max`, ..., one of `createOp`, or a function `(a, b) => c`
   * @param options `root`, default 0; `deterministic`; `into`, which only the root needs
   * @throws MpiError `mismatch` when types or lengths differ; see `CollectiveCalls`
   */
  reduce<A extends TypedArray>(
    value: ArrayOrBlock<A>,
    op: Reducer<A>,
    options: RootOptions & DeterministicOptions & IntoOptions<Block<A>>,
  ): Promise<Block<A> | undefined>;
  reduce<A extends TypedArray>(
    value: Block<A>,
    op: Reducer<A>,
    options?: RootOptions & ReduceOptions<A>,
  ): Promise<A | undefined>;
  reduce<T>(value: T, op: Reducer<T>, options?: RootOptions & ReduceOptions<T>): Promise<T | undefined>;

  /**
   * Gives every rank a new value, all ranks' values combined in the order of ranks; equal to the last bit on all ranks.
   *
   * ```ts
   * const total = await world.allreduce(world.rank, sum); // => 6
   * const gradient = new Float64Array([1, 2]);
   * await world.allreduce(gradient, sum, { into: gradient }); // in place
   * gradient[1]; // => 8
   * ```
   * @param value this rank's value; typed arrays have the same length on all ranks
   * @param op `sum`, `max`, ..., one of `createOp`, or a function `(a, b) => c`
   * @param options `deterministic`, `into`, `signal`
   * @throws MpiError `mismatch` when types or lengths differ; see `CollectiveCalls`
   */
  allreduce<A extends TypedArray>(
    value: ArrayOrBlock<A>,
    op: Reducer<A>,
    options: DeterministicOptions & IntoOptions<Block<A>>,
  ): Promise<Block<A>>;
  allreduce<A extends TypedArray>(value: Block<A>, op: Reducer<A>, options?: ReduceOptions<A>): Promise<A>;
  allreduce<T>(value: T, op: Reducer<T>, options?: ReduceOptions<T>): Promise<T>;

  /**
   * Gives rank r a new value, all ranks' `parts[r]` combined in the order of ranks.
   *
   * ```ts
   * const mine = await world.reduceScatter([1, 2, 3, 4], sum); // => 4 * (world.rank + 1)
   * ```
   * @param parts one part for each rank; parts for one rank have the same shape on all ranks
   * @param op `sum`, `max`, ..., one of `createOp`, or a function `(a, b) => c`
   * @param options `into`, `signal`
   * @throws MpiError `invalid-argument` when there are not as many parts as ranks; see `CollectiveCalls`
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

  /**
   * Gives this rank a new value, the values of the ranks 0 to this one combined in their order.
   *
   * With `deterministic` they are combined one after the other, as a loop would do it, in as many steps as there are ranks.
   *
   * ```ts
   * const upToHere = await world.scan(1, sum); // => world.rank + 1
   * ```
   * @param value this rank's value; typed arrays have the same length on all ranks
   * @param op `sum`, `max`, ..., one of `createOp`, or a function `(a, b) => c`
   * @param options `deterministic`, `into`, `signal`
   * @throws MpiError `mismatch` when types or lengths differ; see `CollectiveCalls`
   */
  scan<A extends TypedArray>(
    value: ArrayOrBlock<A>,
    op: Reducer<A>,
    options: DeterministicOptions & IntoOptions<Block<A>>,
  ): Promise<Block<A>>;
  scan<A extends TypedArray>(value: Block<A>, op: Reducer<A>, options?: ReduceOptions<A>): Promise<A>;
  scan<T>(value: T, op: Reducer<T>, options?: ReduceOptions<T>): Promise<T>;

  /**
   * Gives this rank a new value, the values of the ranks below this one combined in their order; undefined at rank 0.
   *
   * The `into` of rank 0 stays as it is. `deterministic` is as in {@link scan}.
   *
   * ```ts
   * const below = (await world.exscan(1, sum)) ?? 0; // => world.rank
   * ```
   * @param value this rank's value; typed arrays have the same length on all ranks
   * @param op `sum`, `max`, ..., one of `createOp`, or a function `(a, b) => c`
   * @param options `deterministic`, `into`, `signal`
   * @throws MpiError `mismatch` when types or lengths differ; see `CollectiveCalls`
   */
  exscan<A extends TypedArray>(
    value: ArrayOrBlock<A>,
    op: Reducer<A>,
    options: DeterministicOptions & IntoOptions<Block<A>>,
  ): Promise<Block<A> | undefined>;
  exscan<A extends TypedArray>(value: Block<A>, op: Reducer<A>, options?: ReduceOptions<A>): Promise<A | undefined>;
  exscan<T>(value: T, op: Reducer<T>, options?: ReduceOptions<T>): Promise<T | undefined>;
}
