import type { Call } from "../calls/call.ts";
import { type KnownOptions, knownOptions } from "../calls/check-options.ts";
import type { OptionedCall } from "../calls/option-names.ts";
import type { Cancellable, Into, MaybeInto, ReduceInto, ReduceOptions, RootOptions } from "../calls/options.ts";
import type { TypedArray } from "../calls/typed-array.ts";
import { type Routine, type RoutineOptions, routines } from "../collectives/implementations.ts";
import { Collectives } from "../collectives/runner.ts";
import type { Operation } from "../collectives/signature.ts";
import type { Reducer } from "../ops/op.ts";
import type { Peers } from "../wire/peers.ts";
import { PointToPoint } from "./point-to-point.ts";
import type { World } from "./world.ts";

/** A value, or a function that makes it and is called at the root alone. */
export type AtRoot<T> = T | (() => T | Promise<T>);

/**
 * What all ranks of a communicator do together. Collectives must be called by all ranks in the same order; any number
 * may be under way. One that fails on one rank rejects on every rank that still needs something of it; where it resolves,
 * the result is right. The next ones work, unless ranks were in different ones: then all later ones reject.
 */
export abstract class Collective extends PointToPoint {
  /** Name of the host that each rank runs on, by rank. */
  readonly hosts: readonly string[];
  readonly #collectives: Collectives;

  protected constructor(world: World, context: number, members: readonly number[]) {
    super(world, context, members, members);
    this.hosts = members.map((member) => world.hosts[member] ?? "?");
    this.#collectives = new Collectives(world.engine, context, members, this.hosts);
  }

  /** Resolves when all ranks have called it. */
  barrier(options: Cancellable = {}): Promise<void> {
    return this.#exchange(routines.barrier, options);
  }

  /**
   * The root's value, on every rank; at the root the very value that it gave, not a copy. Other ranks' `value` is ignored
   * and may be left out.
   *
   * ```ts
   * const config = await world.bcast(() => readConfig());
   * ```
   */
  bcast<A extends TypedArray>(value: AtRoot<A> | undefined, options: RootOptions & Into<A>): Promise<A>;
  bcast<T>(value?: AtRoot<T>, options?: RootOptions): Promise<T>;
  bcast(value?: unknown, options: RootOptions & Partial<Into<TypedArray>> = {}): Promise<unknown> {
    return this.#exchange(routines.bcast, options, value);
  }

  /**
   * Hands out the root's parts: one per rank, in the order of ranks, which may differ in length.
   *
   * ```ts
   * const mine = await world.scatter(() => chunks(readings(), world.size));
   * ```
   * @throws MpiError `invalid-argument` on every rank when there are not as many parts as ranks.
   */
  scatter<A extends TypedArray>(parts: AtRoot<readonly A[]> | undefined, options: RootOptions & Into<A>): Promise<A>;
  scatter<T>(parts?: AtRoot<readonly T[]>, options?: RootOptions): Promise<T>;
  scatter(parts?: unknown, options: RootOptions & Partial<Into<TypedArray>> = {}): Promise<unknown> {
    return this.#exchange(routines.scatter, options, parts);
  }

  /**
   * Everybody's value in the order of ranks, at the root; undefined elsewhere. `into`: behind each other in one array,
   * which only the root needs to have.
   */
  gather<A extends TypedArray>(value: A, options: RootOptions & Into<A>): Promise<A | undefined>;
  gather<A extends TypedArray>(value: A, options: RootOptions & MaybeInto<A>): Promise<A | A[] | undefined>;
  gather<T>(value: T, options?: RootOptions): Promise<T[] | undefined>;
  gather(value: unknown, options: RootOptions & Partial<Into<TypedArray>> = {}): Promise<unknown> {
    return this.#exchange(routines.gather, options, value);
  }

  /** Everybody's value in the order of ranks, on every rank. */
  allgather<A extends TypedArray>(value: A, options: Cancellable & Into<A>): Promise<A>;
  allgather<T>(value: T, options?: Cancellable): Promise<T[]>;
  allgather(value: unknown, options: Cancellable & Partial<Into<TypedArray>> = {}): Promise<unknown> {
    return this.#exchange(routines.allgather, options, value);
  }

  /** Sends `parts[r]` to each rank r and resolves to what each rank had for this one, in the order of ranks. */
  alltoall<A extends TypedArray>(parts: readonly A[], options: Cancellable & Into<A>): Promise<A>;
  alltoall<T>(parts: readonly T[], options?: Cancellable): Promise<T[]>;
  alltoall(parts: readonly unknown[], options: Cancellable & Partial<Into<TypedArray>> = {}): Promise<unknown> {
    return this.#exchange(routines.alltoall, options, parts);
  }

  /**
   * All values combined in the order of ranks, at the root; undefined elsewhere. Typed arrays combine element by
   * element, whatever the op. A function must be associative; it is never assumed to be commutative.
   */
  reduce<T>(value: T, op: Reducer<T>, options?: RootOptions & ReduceInto<T>): Promise<T | undefined>;
  reduce(
    value: unknown,
    op: Reducer<unknown>,
    options: RootOptions & ReduceOptions & Partial<Into<TypedArray>> = {},
  ): Promise<unknown> {
    return this.#exchange(routines.reduce, options, value, op);
  }

  /**
   * All values combined, on every rank.
   *
   * ```ts
   * const total = await world.allreduce(count, sum);
   * await world.allreduce(gradient, sum, { into: gradient });   // in place
   * ```
   */
  allreduce<T>(value: T, op: Reducer<T>, options?: ReduceInto<T>): Promise<T>;
  allreduce(
    value: unknown,
    op: Reducer<unknown>,
    options: ReduceOptions & Partial<Into<TypedArray>> = {},
  ): Promise<unknown> {
    return this.#exchange(routines.allreduce, options, value, op);
  }

  /** Combines everybody's `parts[r]` and gives the result to rank r. One part per rank. */
  reduceScatter<T>(parts: readonly T[], op: Reducer<T>, options?: Cancellable & MaybeInto<T>): Promise<T>;
  reduceScatter(
    parts: readonly unknown[],
    op: Reducer<unknown>,
    options: Cancellable & Partial<Into<TypedArray>> = {},
  ): Promise<unknown> {
    return this.#exchange(routines.reduceScatter, options, parts, op);
  }

  /** The values of the ranks 0 to this one combined. */
  scan<T>(value: T, op: Reducer<T>, options?: Cancellable & MaybeInto<T>): Promise<T>;
  scan(value: unknown, op: Reducer<unknown>, options: Cancellable & Partial<Into<TypedArray>> = {}): Promise<unknown> {
    return this.#exchange(routines.scan, options, value, op);
  }

  /** The values of the ranks below this one combined; undefined at rank 0, whose `into` stays as it is. */
  exscan<T>(value: T, op: Reducer<T>, options?: Cancellable & MaybeInto<T>): Promise<T | undefined>;
  exscan(
    value: unknown,
    op: Reducer<unknown>,
    options: Cancellable & Partial<Into<TypedArray>> = {},
  ): Promise<unknown> {
    return this.#exchange(routines.exscan, options, value, op);
  }

  override async close(): Promise<void> {
    await super.close();
    this.#collectives.close();
  }

  /**
   * @internal Runs one collective; its place in the order is taken before this returns. `shown` is what error messages
   * quote, `known` the options that it has.
   */
  protected collective<R>(
    operation: Operation,
    options: Cancellable,
    body: (peers: Peers) => Promise<R>,
    { shown = options, known = knownOptions[operation as OptionedCall] }: { shown?: object; known?: KnownOptions } = {},
  ): Promise<R> {
    const call: Call = { operation, options: shown, communicator: this.name };
    if (this.closed) return Promise.reject(this.closedError(call));
    return this.#collectives.run(operation, call, known, options, body);
  }

  /** Runs one collective, on the board where there is one. */
  #exchange<R>(routine: Routine, options: RoutineOptions, value?: unknown, reducer?: unknown): Promise<R> {
    const { name } = this;
    if (!this.closed) return this.#collectives.exchange(routine, name, options, value, reducer) as Promise<R>;
    return Promise.reject(this.closedError({ operation: routine.operation, options, communicator: name }));
  }
}
