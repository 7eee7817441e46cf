import type { Call } from "../calls/call.ts";
import { sitedHere } from "../calls/call-site.ts";
import { type KnownOptions, knownOptions } from "../calls/check-options.ts";
import type { OptionedCall } from "../calls/option-names.ts";
import type { CallOptions, DeterministicOptions, RootOptions } from "../calls/options.ts";
import type { ArrayOrBlock } from "../calls/regions/block.ts";
import { needsDense, withDense } from "../collectives/dense-arguments.ts";
import { type Routine, type RoutineOptions, routines } from "../collectives/implementations.ts";
import { Collectives } from "../collectives/runner.ts";
import type { Operation } from "../collectives/signature.ts";
import type { Peers } from "../wire/peers.ts";
import type { CollectiveCalls } from "./api/collectives.ts";
import type { ReductionCalls } from "./api/reductions.ts";
import { Recoverable } from "./recoverable.ts";
import type { World } from "./world.ts";

/** Options of any collective. Its algorithms know {@link RoutineOptions}. */
type ArrayOptions = RootOptions & DeterministicOptions & { into?: ArrayOrBlock | readonly ArrayOrBlock[] | undefined };

/**
 * The collectives of one group of ranks. The docs of each call are at the interfaces.
 *
 * Results are `never` here, which fits each overload of the interfaces.
 */
export abstract class Collective extends Recoverable implements CollectiveCalls, ReductionCalls {
  readonly hosts: readonly string[];
  readonly #collectives: Collectives;

  protected constructor(world: World, context: number, members: readonly number[]) {
    super(world, context, members, members, members);
    this.hosts = members.map((member) => world.hosts[member] ?? "?");
    this.#collectives = new Collectives(world.engine, context, members, this.hosts);
  }

  barrier(options: CallOptions = {}): Promise<void> {
    return this.#exchange(routines.barrier, options);
  }

  bcast(value?: unknown, options: ArrayOptions = {}): Promise<never> {
    return this.#exchange(routines.bcast, options, value);
  }

  scatter(parts?: unknown, options: ArrayOptions = {}): Promise<never> {
    return this.#exchange(routines.scatter, options, parts);
  }

  gather(value: unknown, options: ArrayOptions = {}): Promise<never> {
    return this.#exchange(routines.gather, options, value);
  }

  allgather(value: unknown, options: ArrayOptions = {}): Promise<never> {
    return this.#exchange(routines.allgather, options, value);
  }

  alltoall(parts: readonly unknown[], options: ArrayOptions = {}): Promise<never> {
    return this.#exchange(routines.alltoall, options, parts);
  }

  reduce(value: unknown, op: unknown, options: ArrayOptions = {}): Promise<never> {
    return this.#exchange(routines.reduce, options, value, op);
  }

  allreduce(value: unknown, op: unknown, options: ArrayOptions = {}): Promise<never> {
    return this.#exchange(routines.allreduce, options, value, op);
  }

  reduceScatter(parts: readonly unknown[], op: unknown, options: ArrayOptions = {}): Promise<never> {
    return this.#exchange(routines.reduceScatter, options, parts, op);
  }

  scan(value: unknown, op: unknown, options: ArrayOptions = {}): Promise<never> {
    return this.#exchange(routines.scan, options, value, op);
  }

  exscan(value: unknown, op: unknown, options: ArrayOptions = {}): Promise<never> {
    return this.#exchange(routines.exscan, options, value, op);
  }

  override async close(): Promise<void> {
    await super.close();
    this.#collectives.close();
  }

  /** Runs a collective that has blocks among its arguments: `run` is given dense arrays. */
  protected async withDense<O extends object>(
    operation: Operation,
    value: unknown,
    options: O,
    run: (value: unknown, options: O) => Promise<unknown>,
  ): Promise<never> {
    try {
      return (await withDense(knownOptions[operation as OptionedCall], value, options, run)) as never;
    } catch (error) {
      throw this.world.engine.explained(sitedHere({ operation, options, communicator: this.name }), error);
    }
  }

  /**
   * Runs one collective by messages. It takes its place in the order of collectives before this returns. Error messages
   * quote `shown`; `known` are the options that the call has.
   */
  protected collective<R>(
    operation: Operation,
    options: CallOptions,
    body: (peers: Peers) => Promise<R>,
    { shown = options, known = knownOptions[operation as OptionedCall] }: { shown?: object; known?: KnownOptions } = {},
  ): Promise<R> {
    const call: Call = { operation, options: shown, communicator: this.name };
    if (this.over !== "") return Promise.reject(this.overError(call));
    return this.#collectives.run(operation, call, known, options, body);
  }

  /** This rank takes no part in the next collective, which fails on all ranks with this error. */
  protected refuse(operation: Operation, error: Error): Promise<never> {
    return this.#collectives.refuse(operation, { operation, communicator: this.name }, error);
  }

  /** Runs one collective. Its algorithms know dense arrays alone. */
  #exchange(routine: Routine, options: ArrayOptions, value?: unknown, reducer?: unknown): Promise<never> {
    if (!needsDense(routine.operation, value, options)) return this.#exchangeDense(routine, options, value, reducer);
    return this.withDense(routine.operation, value, options, (given, others) =>
      this.#exchangeDense(routine, others, given, reducer),
    );
  }

  /** In shared memory (on the board) if all ranks share it, else by messages. */
  #exchangeDense(routine: Routine, options: ArrayOptions, value?: unknown, reducer?: unknown): Promise<never> {
    const { name } = this;
    if (this.over === "") {
      return this.#collectives.exchange(routine, name, options as RoutineOptions, value, reducer) as Promise<never>;
    }
    return Promise.reject(this.overError({ operation: routine.operation, options, communicator: name }));
  }
}
