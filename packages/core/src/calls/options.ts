import type { TypedArray } from "./typed-array.ts";

/** Every call that waits can be cancelled. */
export interface Cancellable {
  /**
   * Rejects the call with `aborted` when it aborts. A send whose message is matched already still delivers it and resolves;
   * one that rejects has delivered nothing. A receive that is matched already completes, too.
   */
  signal?: AbortSignal | undefined;
}

export interface SendOptions extends Cancellable {
  /** Rank of the receiver in this communicator. `null` is nobody: the call does nothing (the border of a grid). */
  dest: number | null;
  /** 0 to 2^31 - 1; default 0. */
  tag?: number | undefined;
  /** Resolve only when the receiver has matched the message (MPI's synchronous mode); default false. */
  sync?: boolean | undefined;
}

/** Which messages to take. What is left out matches any. */
export interface Match {
  /** Rank of the sender in this communicator. `null` is nobody: the call resolves at once with undefined. */
  source?: number | null | undefined;
  tag?: number | undefined;
}

export interface ReceiveOptions extends Match, Cancellable {
  /** What `probe` or `iprobe` has found: takes exactly that message. Then `source` and `tag` are left out. */
  probed?: Status | undefined;
  /** A status is no options: `recv(status)` would take any message like it. It goes in as `probed`. */
  bytes?: never;
}

/** A receive into the caller's memory. */
export interface ReceiveInto<A extends TypedArray> extends ReceiveOptions {
  /** Takes the elements; at least as long as the message, of the same type. */
  into: A;
}

export interface SendReceiveOptions extends Cancellable {
  dest: number | null;
  source?: number | null | undefined;
  /** Tag of both messages: default 0 for the one sent, any for the one received. */
  tag?: number | undefined;
  sendTag?: number | undefined;
  recvTag?: number | undefined;
}

export interface SendReceiveInto<A extends TypedArray> {
  /** Takes the elements of the message received. */
  into: A;
}

/** What is known of a message without its data. */
export interface Status {
  /** Rank of the sender in this communicator. */
  readonly source: number;
  readonly tag: number;
  /** Size of the encoded data in bytes; of a typed array, its byteLength and a few more. */
  readonly bytes: number;
}

/** A message with its {@link Status}. */
export interface Message<T> extends Status {
  readonly data: T;
  readonly status: Status;
}

export interface SplitOptions extends Cancellable {
  /** Ranks of one colour are numbered by their keys, equal keys as they are here; default: all as they are here. */
  key?: number | undefined;
}

export interface CartOptions extends Cancellable {
  /** Whether the grid closes to a ring, in all dimensions or in each; default false. */
  periodic?: boolean | readonly boolean[] | undefined;
  /** Whether ranks may be numbered anew to put neighbours on one host. Accepted, and so far never done; default false. */
  reorder?: boolean | undefined;
  /** Whether there may be more ranks than places: the last ones are in no grid and get null. Default false. */
  spare?: boolean | undefined;
}

/** Whom this rank talks to in a graph; the order is that of the parts and results of neighbour collectives. */
export interface Neighbors {
  /** Ranks that this one sends to. */
  destinations: readonly number[];
  /** Ranks that send to this one. Left out: found from the others' destinations, in the order of ranks. */
  sources?: readonly number[] | undefined;
}

export interface RootOptions extends Cancellable {
  /** The rank that gives or gets the whole; default 0. All ranks must name the same. */
  root?: number | undefined;
}

/** Options of a collective between two groups that has a root. */
export interface InterRootOptions extends Cancellable {
  /**
   * `"here"`: this rank is the root. `null`: another rank of this group is. A number: the rank of the other group that
   * is the root, said by all ranks of this one.
   */
  root: "here" | number | null;
}

export interface ReduceOptions extends Cancellable {
  /** Combine in an order that depends on nothing but the number of ranks: bit-equal results, at some cost. */
  deterministic?: boolean | undefined;
}

/** The result is written into the caller's array, which is also what the call resolves to. */
export interface Into<A extends TypedArray> {
  into: A;
}

/** The same, left to the caller; of values of type T, and only where T is a typed array. */
export interface MaybeInto<T> {
  into?: Extract<T, TypedArray> | undefined;
}

/** Options of a reduction of values of type T. */
export type ReduceInto<T> = ReduceOptions & MaybeInto<T>;
