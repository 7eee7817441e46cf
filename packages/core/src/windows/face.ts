import type { CallOptions } from "../calls/options.ts";
import { type InstanceCheck, instanceCheck } from "../calls/package-copies.ts";
import type { ArrayOrBlock } from "../calls/regions/block.ts";
import type { Region } from "../calls/regions/layout.ts";
import type { TypedArray } from "../calls/typed-array.ts";
import type { Integral, Logical, Numeric, Op } from "../ops/op.ts";

/** What a window's elements are operated on with: `sum`, `min`, `band`, ..., `replace`, `noOp`. */
export type WindowOp = Op<Numeric> | Op<Integral> | Op<Logical>;

/** Which elements of a rank's part a call of a window means. */
export interface TargetOptions extends CallOptions {
  /** The rank whose part it is. */
  target: number;
  /** Index of the first element there; default 0. */
  offset?: number | undefined;
  /** In place of `offset`: a region of the target's part, as for `block`; its elements need not follow each other. */
  view?: Region | undefined;
}

/** Options of `get`. */
export interface GetOptions extends TargetOptions {
  /** How many elements; with `into` or `view` that many as those have. */
  count?: number | undefined;
}

/** Options of `get` into the caller's memory. */
export interface GetIntoOptions<A extends TypedArray, I extends ArrayOrBlock<A> = ArrayOrBlock<A>> extends GetOptions {
  /** Takes the elements: an array of the window's kind, or a region of one. */
  into: I;
}

/** Options of `fetchAndOp` and `compareAndSwap`. */
export interface ElementOptions extends CallOptions {
  /** The rank whose part it is. */
  target: number;
  /** Index of the element there; default 0. */
  offset?: number | undefined;
}

/** The two values of `compareAndSwap`. */
export interface Swap<E> {
  /** The element is changed only if it has this value. Floating-point numbers are compared bit by bit. */
  expected: E;
  /** The new value. */
  replacement: E;
}

/** Options of a window's `lock`. */
export interface LockOptions extends CallOptions {
  /** The rank whose part is locked. */
  target: number;
  /** Whether other ranks may hold a shared lock at the same time; default false. */
  shared?: boolean | undefined;
}

/** Options of `flush`. */
export interface FlushOptions extends CallOptions {
  /** Only what was sent to this rank; default: to all. */
  target?: number | undefined;
}

/** Options of `counter`. */
export interface CounterOptions extends CallOptions {
  /** The rank that has the counter; default 0. The same on all ranks. */
  root?: number | undefined;
  /** The first number; default 0. Only that of the root counts. */
  start?: number | undefined;
}

/** The element of an array kind: a bigint for arrays of 64-bit integers. */
export type WindowElement<A extends TypedArray> = A extends BigInt64Array | BigUint64Array ? bigint : number;

/** A lock that is held. `await using` releases it at the end of the scope. */
export interface HeldLock extends AsyncDisposable {
  /**
   * Whether the last exclusive holder died with the lock: what it was changing may be half done. (A robust mutex of POSIX says it
   * with EOWNERDEAD.) This rank has the lock in any case.
   */
  readonly abandoned: boolean;

  /**
   * Gives the lock back. What this rank has put is done at the target before. A second call does nothing.
   * @throws MpiError `rank-failed`
   */
  release(): Promise<void>;
}

/**
 * Memory of each rank that all ranks of a communicator read and write, without a call of its owner: MPI's window, with one epoch for
 * all of its life (MPI_Win_lock_all) and the unified memory model.
 *
 * - Between ranks that share memory, a call is a plain or atomic operation on that memory.
 * - Between hosts, the target's engine does it, as soon as the target waits for anything or returns to its event loop.
 * - `put` and `accumulate` resolve when the caller's array may change. They are done at the target after {@link flush} or
 *   {@link fence}. Requests of one rank to one other are done in order.
 *
 * ```ts
 * await using window = await world.window(Float64Array, 10);
 * window.local[0] = world.rank;
 * await window.fence();
 * const right = (world.rank + 1) % world.size;
 * const theirs = await window.get({ target: right, count: 1 }); // => Float64Array.of(right)
 * await window.close();
 * ```
 */
export interface Window<A extends TypedArray = TypedArray> extends AsyncDisposable {
  /** This rank's number in the window, as in its communicator. */
  readonly rank: number;
  /** Number of ranks. */
  readonly size: number;
  /** Length of each rank's part, in elements. */
  readonly sizes: readonly number[];
  /** This rank's own part. Its length is 0 once the window is closed. */
  readonly local: A;

  /**
   * Gives a copy of some elements of a rank's part. With `into`, fills that and gives it back.
   *
   * ```ts
   * await using window = await world.window(Int32Array, 4);
   * window.local.set([1, 2, 3, 4]);
   * await window.fence();
   * const two = await window.get({ target: 0, offset: 1, count: 2 }); // => Int32Array.of(2, 3)
   * await window.close();
   * ```
   * @param options `target`, `offset` or `view`, `count` or `into`, `signal`
   * @throws MpiError `invalid-argument` for elements that are not there, `mismatch` for an `into` of another kind, `rank-failed`,
   * `closed`
   */
  get<I extends ArrayOrBlock<A>>(options: GetIntoOptions<A, I>): Promise<I>;
  get(options: GetOptions): Promise<A>;

  /**
   * Writes elements to a rank's part. Resolves when the array may change.
   *
   * ```ts
   * await using window = await world.window(Int32Array, world.rank === 0 ? world.size : 0);
   * await window.put(Int32Array.of(world.rank), { target: 0, offset: world.rank });
   * await window.fence();
   * window.local; // => world.rank === 0 ? Int32Array.of(0, 1, 2, 3) : new Int32Array(0)
   * await window.close();
   * ```
   * @param array elements of the window's kind: a typed array or a block
   * @param options `target`, `offset` or `view`, `signal`
   * @throws MpiError `invalid-argument`, `mismatch` for another kind, `rank-failed`, `closed`
   */
  put(array: ArrayOrBlock<A>, options: TargetOptions): Promise<void>;

  /**
   * Combines elements with those of a rank's part, each atomically: `element = element op value`. Resolves when the array may
   * change.
   *
   * ```ts
   * await using window = await world.window(Float64Array, 2);
   * await window.accumulate(Float64Array.of(1, world.rank), sum, { target: 0 });
   * await window.fence();
   * window.local[0]; // => world.rank === 0 ? 4 : 0
   * await window.close();
   * ```
   * @param array elements of the window's kind: a typed array or a block
   * @param op `sum`, `prod`, `min`, `max`, `land`, `lor`, `lxor`, for integers `band`, `bor`, `bxor`; `replace`
   * @param options `target`, `offset` or `view`, `signal`
   * @throws MpiError `invalid-argument`, also for a function as `op`, which the target cannot call; `mismatch`, `rank-failed`, `closed`
   */
  accumulate(array: ArrayOrBlock<A>, op: WindowOp, options: TargetOptions): Promise<void>;

  /**
   * Like {@link accumulate}, and gives the old values. With `noOp` it reads them atomically, with `replace` it exchanges.
   *
   * ```ts
   * await using window = await world.window(Int32Array, 1);
   * await window.fence();
   * if (world.rank === 1) {
   *   const old = await window.getAccumulate(Int32Array.of(5), sum, { target: 2 }); // => Int32Array.of(0)
   * }
   * await window.fence();
   * window.local[0]; // => world.rank === 2 ? 5 : 0
   * await window.close();
   * ```
   * @param array elements of the window's kind: a typed array or a block
   * @param op see {@link accumulate}; also `noOp`
   * @param options `target`, `offset` or `view`, `signal`
   * @throws MpiError `invalid-argument`, `mismatch`, `rank-failed`, `closed`
   */
  getAccumulate(array: ArrayOrBlock<A>, op: WindowOp, options: TargetOptions): Promise<A>;

  /**
   * Changes one element atomically, and gives its old value.
   *
   * ```ts
   * await using window = await world.window(Int32Array, 1);
   * const ticket = await window.fetchAndOp(1, sum, { target: 0 });
   * (await world.allgather(ticket)).toSorted(); // => [0, 1, 2, 3]
   * await window.close();
   * ```
   * @param value a number; a bigint for arrays of those
   * @param op see {@link accumulate}; also `noOp`
   * @param options `target`, `offset`, `signal`
   * @throws MpiError `invalid-argument`, `rank-failed`, `closed`
   */
  fetchAndOp(value: WindowElement<A>, op: WindowOp, options: ElementOptions): Promise<WindowElement<A>>;

  /**
   * Replaces an element if it has the expected value, atomically. Gives the value that it had: the replacement has happened if that
   * is the expected one.
   *
   * ```ts
   * await using window = await world.window(Int32Array, 1);
   * const had = await window.compareAndSwap({ expected: 0, replacement: 1 + world.rank }, { target: 0 });
   * await world.allreduce(had === 0 ? 1 : 0, sum); // => 1
   * await window.close();
   * ```
   * @param swap `expected` and `replacement`
   * @param options `target`, `offset`, `signal`
   * @throws MpiError `invalid-argument`, `rank-failed`, `closed`
   */
  compareAndSwap(swap: Swap<WindowElement<A>>, options: ElementOptions): Promise<WindowElement<A>>;

  /**
   * Resolves when all that this rank has put and accumulated is done at its targets, or at one of them.
   *
   * ```ts
   * await using window = await world.window(Int32Array, 1);
   * await window.put(Int32Array.of(7), { target: world.rank });
   * await window.flush({ target: world.rank });
   * window.local[0]; // => 7
   * await window.close();
   * ```
   * @param options `target`, default all; `signal`
   * @throws MpiError `rank-failed`, `closed` if a target has let its part go
   */
  flush(options?: FlushOptions): Promise<void>;

  /**
   * Resolves when all ranks have called it, and all that they have put and accumulated is done: {@link flush} and a barrier.
   * Collective.
   * @param options `signal`
   * @throws MpiError `rank-failed`, `closed`
   */
  fence(options?: CallOptions): Promise<void>;

  /**
   * Takes the lock of a rank's part. While this rank has it, no other has; with `shared`, others may have it shared as well. The
   * other calls do not need it and do not look at it: it is for sections that several ranks have agreed to guard.
   *
   * ```ts
   * await using window = await world.window(Float64Array, 1);
   * {
   *   await using held = await window.lock({ target: 0 });
   *   const [value = 0] = await window.get({ target: 0, count: 1 });
   *   await window.put(Float64Array.of(value * 2 + 1), { target: 0 });
   * }
   * await window.fence();
   * window.local[0]; // => world.rank === 0 ? 15 : 0
   * await window.close();
   * ```
   * @param options `target`, `shared`, `signal`
   * @throws MpiError `invalid-argument` if this rank has it already, `rank-failed`, `aborted`, `closed`
   */
  lock(options: LockOptions): Promise<HeldLock>;

  /**
   * Ends the window: a {@link fence}, then all ranks let their parts go. Collective. Disposal (`await using`) is not: it lets this
   * rank's part go at once, and calls of other ranks to that part reject.
   * @throws MpiError `rank-failed`
   */
  close(): Promise<void>;
}

/** A counter that all ranks of a communicator draw numbers from. */
export interface Counter extends AsyncDisposable {
  /**
   * Gives the counter's value, and adds `by` to it: no two ranks get the same number.
   *
   * ```ts
   * await using counter = await world.counter();
   * const tasks = ["a", "b", "c", "d", "e"];
   * let done = 0;
   * for (let next = await counter.next(); next < tasks.length; next = await counter.next()) done++;
   * await world.allreduce(done, sum); // => 5
   * await counter.close();
   * ```
   * @param by a whole number, default 1; may be negative
   * @throws MpiError `invalid-argument`, `rank-failed`, `closed`
   */
  next(by?: number): Promise<number>;

  /**
   * Gives the counter's value.
   * @throws MpiError `rank-failed`, `closed`
   */
  value(): Promise<number>;

  /**
   * Ends the counter. Collective; see {@link Window.close}.
   * @throws MpiError `rank-failed`
   */
  close(): Promise<void>;
}

/** A lock of all ranks of a communicator. */
export interface Mutex extends AsyncDisposable {
  /**
   * Takes the lock; at most one rank has it.
   *
   * ```ts
   * await using mutex = await world.mutex();
   * {
   *   await using held = await mutex.lock();
   *   held.abandoned; // => false
   * }
   * await mutex.close();
   * ```
   * @param options `signal`
   * @throws MpiError `invalid-argument` if this rank has it already, `rank-failed`, `aborted`, `closed`
   */
  lock(options?: CallOptions): Promise<HeldLock>;

  /**
   * Ends the mutex. Collective; see {@link Window.close}.
   * @throws MpiError `rank-failed`
   */
  close(): Promise<void>;
}

/** One array for all ranks of a host. */
export interface SharedArray<A extends TypedArray = TypedArray> extends AsyncDisposable {
  /** The array: the same memory on all ranks. Its length is 0 once it is closed. `Atomics` work on the integer kinds. */
  readonly array: A;

  /**
   * Ends the array: a barrier, then all ranks let it go. Collective. Disposal is not, and lets this rank's view go at once.
   * @throws MpiError `rank-failed`
   */
  close(): Promise<void>;
}

/** For `instanceof`. */
export const Window: InstanceCheck<Window> = instanceCheck("Window");
