import type { Call } from "./call.ts";
import { checkRank } from "./check.ts";
import { Collectives, type Operation } from "./collective-call.ts";
import type { Plan } from "./collectives/exchange.ts";
import * as collectives from "./collectives/index.ts";
import { fill } from "./into.ts";
import { numberOf, type Reducer, type TypedArray } from "./op.ts";
import type { Cancellable, Into, MaybeInto, ReduceInto, ReduceOptions, RootOptions } from "./options.ts";
import type { Peers } from "./peers.ts";
import { PointToPoint } from "./point-to-point.ts";
import type { World } from "./world.ts";

/** A value, or a function that makes it and is called at the root alone. */
export type AtRoot<T> = T | (() => T | Promise<T>);

/**
 * What all ranks of a communicator do together. Collectives must be called by all ranks in the same order; any number
 * may be under way. One that fails on one rank fails on all.
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
    const onBoard = (): Plan<void> => collectives.barrierOnBoard;
    return this.exchange("barrier", options, onBoard, (peers) => collectives.barrier(peers));
  }

  /**
   * The root's value, on every rank. Other ranks' `value` is ignored and may be left out.
   *
   * ```ts
   * const config = await world.bcast(() => readConfig());
   * ```
   */
  bcast<A extends TypedArray>(value: AtRoot<A> | undefined, options: RootOptions & Into<A>): Promise<A>;
  bcast<T>(value?: AtRoot<T>, options?: RootOptions): Promise<T>;
  bcast(value?: unknown, options: RootOptions & Partial<Into<TypedArray>> = {}): Promise<unknown> {
    const { into } = options;
    return this.exchange(
      "bcast",
      options,
      (root) => this.#withRoots(value, root, (own) => collectives.bcastOnBoard(this.rank, own, root, into)),
      async (peers, root) => {
        const result = await collectives.bcast(peers, await this.#atRoot(value, root), root);
        return into === undefined ? result : fill(into, [result]);
      },
    );
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
    const { into } = options;
    const { rank, size } = this;
    return this.exchange(
      "scatter",
      options,
      (root) =>
        this.#withRoots(parts, root, (own) => collectives.scatterOnBoard(rank, size, own as unknown[], root, into)),
      async (peers, root) => {
        const mine = await collectives.scatter(peers, (await this.#atRoot(parts, root)) as unknown[], root);
        return into === undefined ? mine : fill(into, [mine]);
      },
    );
  }

  /**
   * Everybody's value in the order of ranks, at the root; undefined elsewhere. `into`: behind each other in one array,
   * which only the root needs to have.
   */
  gather<A extends TypedArray>(value: A, options: RootOptions & Into<A>): Promise<A | undefined>;
  gather<A extends TypedArray>(value: A, options: RootOptions & MaybeInto<A>): Promise<A | A[] | undefined>;
  gather<T>(value: T, options?: RootOptions): Promise<T[] | undefined>;
  gather(value: unknown, options: RootOptions & Partial<Into<TypedArray>> = {}): Promise<unknown> {
    const { into } = options;
    return this.exchange(
      "gather",
      options,
      (root) => collectives.gatherOnBoard(this.rank, this.size, value, root, into),
      async (peers, root) => {
        const all = await collectives.gather(peers, value, root);
        return into === undefined || all === undefined ? all : fill(into, all);
      },
    );
  }

  /** Everybody's value in the order of ranks, on every rank. */
  allgather<A extends TypedArray>(value: A, options: Cancellable & Into<A>): Promise<A>;
  allgather<T>(value: T, options?: Cancellable): Promise<T[]>;
  allgather(value: unknown, options: Cancellable & Partial<Into<TypedArray>> = {}): Promise<unknown> {
    const { into } = options;
    return this.exchange(
      "allgather",
      options,
      () => collectives.allgatherOnBoard(this.rank, this.size, value, into),
      async (peers) => {
        const all = await collectives.allgather(peers, value);
        return into === undefined ? all : fill(into, all);
      },
    );
  }

  /** Sends `parts[r]` to each rank r and resolves to what each rank had for this one, in the order of ranks. */
  alltoall<A extends TypedArray>(parts: readonly A[], options: Cancellable & Into<A>): Promise<A>;
  alltoall<T>(parts: readonly T[], options?: Cancellable): Promise<T[]>;
  alltoall(parts: readonly unknown[], options: Cancellable & Partial<Into<TypedArray>> = {}): Promise<unknown> {
    const { into } = options;
    return this.exchange(
      "alltoall",
      options,
      () => collectives.alltoallOnBoard(this.rank, this.size, parts, into),
      async (peers) => {
        const all = await collectives.alltoall(peers, parts);
        return into === undefined ? all : fill(into, all);
      },
    );
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
    const { into } = options;
    return this.exchange(
      "reduce",
      options,
      (root) => collectives.reduceOnBoard(this.rank, this.size, value, op, root, into),
      async (peers, root) => {
        const result = await collectives.reduce(peers, value, op, root, options);
        return into === undefined || result === undefined ? result : fill(into, [result]);
      },
      op,
    );
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
    const { into } = options;
    return this.exchange(
      "allreduce",
      options,
      () => collectives.allreduceOnBoard(this.rank, this.size, value, op, into),
      async (peers) => {
        const result = await collectives.allreduce(peers, value, op, options);
        return into === undefined ? result : fill(into, [result]);
      },
      op,
    );
  }

  /** Combines everybody's `parts[r]` and gives the result to rank r. One part per rank. */
  reduceScatter<T>(parts: readonly T[], op: Reducer<T>, options?: Cancellable & MaybeInto<T>): Promise<T>;
  reduceScatter(
    parts: readonly unknown[],
    op: Reducer<unknown>,
    options: Cancellable & Partial<Into<TypedArray>> = {},
  ): Promise<unknown> {
    return this.collective(
      "reduceScatter",
      options,
      async (peers) => {
        const mine = await collectives.reduceScatter(peers, parts, op);
        return options.into === undefined ? mine : fill(options.into, [mine]);
      },
      op,
    );
  }

  /** The values of the ranks 0 to this one combined. */
  scan<T>(value: T, op: Reducer<T>, options?: Cancellable & MaybeInto<T>): Promise<T>;
  scan(value: unknown, op: Reducer<unknown>, options: Cancellable & Partial<Into<TypedArray>> = {}): Promise<unknown> {
    return this.collective(
      "scan",
      options,
      async (peers) => {
        const result = await collectives.scan(peers, value, op);
        return options.into === undefined ? result : fill(options.into, [result]);
      },
      op,
    );
  }

  /** The values of the ranks below this one combined; undefined at rank 0, whose `into` stays as it is. */
  exscan<T>(value: T, op: Reducer<T>, options?: Cancellable & MaybeInto<T>): Promise<T | undefined>;
  exscan(
    value: unknown,
    op: Reducer<unknown>,
    options: Cancellable & Partial<Into<TypedArray>> = {},
  ): Promise<unknown> {
    return this.collective(
      "exscan",
      options,
      async (peers) => {
        const result = await collectives.exscan(peers, value, op);
        return options.into === undefined || result === undefined ? result : fill(options.into, [result]);
      },
      op,
    );
  }

  override async close(): Promise<void> {
    await super.close();
    this.#collectives.close();
  }

  /** @internal Runs one collective; its place in the order is taken before this returns. */
  protected collective<R>(
    operation: Operation,
    options: RootOptions & { color?: unknown },
    body: (peers: Peers, root: number) => Promise<R>,
    reducer?: unknown,
  ): Promise<R> {
    const call: Call = { operation, options, communicator: this.name, reducer: numberOf(reducer) };
    if (this.closed) return Promise.reject(this.closedError(call));
    return this.#collectives.run(operation, call, (peers) => {
      const { root = 0 } = options;
      checkRank("root", root, this.size);
      return body(peers, root);
    });
  }

  /** Runs one collective, on the board where there is one. */
  private exchange<R>(
    operation: Operation,
    options: RootOptions,
    onBoard: (root: number) => Plan<R> | Promise<Plan<R>>,
    body: (peers: Peers, root: number) => Promise<R>,
    reducer?: unknown,
  ): Promise<R> {
    const call: Call = { operation, options, communicator: this.name, reducer: numberOf(reducer) };
    if (this.closed) return Promise.reject(this.closedError(call));
    const checked = (): number => {
      const { root = 0 } = options;
      checkRank("root", root, this.size);
      return root;
    };
    return this.#collectives.exchange(
      operation,
      call,
      () => onBoard(checked()),
      (peers) => body(peers, checked()),
    );
  }

  #withRoots<P>(value: unknown, root: number, use: (value: unknown) => P): P | Promise<P> {
    const mine = this.rank === root ? value : undefined;
    return typeof mine === "function" ? this.#atRoot(mine, root).then(use) : use(mine);
  }

  async #atRoot(value: unknown, root: number): Promise<unknown> {
    if (this.rank !== root) return undefined;
    return typeof value === "function" ? await value() : value;
  }
}
