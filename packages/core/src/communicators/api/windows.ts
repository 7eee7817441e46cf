import type { CallOptions } from "../../calls/options.ts";
import type { TypedArray } from "../../calls/typed-array.ts";
import type { Counter, CounterOptions, Mutex, SharedArray, Window } from "../../windows/face.ts";
import type { ArrayKind } from "../../windows/part.ts";

/** One-sided memory, and what is made of it. All calls are collective: all ranks call them, in the same order. */
export interface WindowCalls {
  /**
   * Makes memory on each rank that all ranks read and write, see {@link Window}. It is zero at first.
   *
   * ```ts
   * await using window = await world.window(Float64Array, world.rank === 0 ? 100 : 0);
   * window.sizes; // => [100, 0, 0, 0]
   * await window.close();
   * ```
   * @param Kind class of typed arrays: `Float64Array`, `Int32Array`, ...; the same on all ranks
   * @param length number of elements of this rank's part; may differ from rank to rank
   * @param options `signal`
   * @throws MpiError `invalid-argument`, `mismatch` for other kinds, `launch` on all ranks where memory is full
   */
  window<A extends TypedArray>(Kind: ArrayKind<A>, length: number, options?: CallOptions): Promise<Window<A>>;

  /**
   * Makes a counter that all ranks draw numbers from, see {@link Counter}. Exact up to 2^53.
   *
   * ```ts
   * await using counter = await world.counter({ start: 10 });
   * const mine = await counter.next();
   * (await world.allgather(mine)).toSorted(); // => [10, 11, 12, 13]
   * await counter.close();
   * ```
   * @param options `root`, `start`, `signal`
   * @throws MpiError `invalid-argument`, `mismatch` for other roots
   */
  counter(options?: CounterOptions): Promise<Counter>;

  /**
   * Makes a lock that one rank at a time can have, see {@link Mutex}.
   *
   * ```ts
   * await using mutex = await world.mutex();
   * const held = await mutex.lock();
   * await held.release();
   * await mutex.close();
   * ```
   * @param options `signal`
   * @throws MpiError `rank-failed`
   */
  mutex(options?: CallOptions): Promise<Mutex>;

  /**
   * Makes one array for all ranks of a communicator that share memory, see `splitShared`. It is zero at first. Each rank
   * allocates an equal share of it, in the order of ranks, in the memory of its own CPU.
   *
   * ```ts
   * const host = await world.splitShared();
   * await using shared = await host.sharedArray(Float64Array, host.size);
   * shared.array[host.rank] = host.rank;
   * await host.barrier();
   * shared.array; // => Float64Array.of(0, 1, 2, 3)
   * await shared.close();
   * ```
   * @param Kind class of typed arrays; the same on all ranks
   * @param length number of elements of the whole array; the same on all ranks
   * @param options `signal`
   * @throws MpiError `invalid-argument` if ranks do not share memory, `mismatch` for another kind or length, `launch` on all ranks
   * where memory is full
   */
  sharedArray<A extends TypedArray>(Kind: ArrayKind<A>, length: number, options?: CallOptions): Promise<SharedArray<A>>;
}
