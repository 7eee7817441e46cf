import type { TypedArray } from "./typed-array.ts";

/** Options of every call that waits. */
export interface Cancellable {
  /**
   * Cancels the call, which rejects with `aborted`. A call whose message is already matched completes: a send delivers
   * the message and resolves. A send that rejects has delivered nothing.
   */
  signal?: AbortSignal | undefined;
}

export interface SendOptions extends Cancellable {
  /** Rank of the receiver in this communicator. With `null` the call does nothing (the border of a grid). */
  dest: number | null;
  /** 0 to 2^31 - 1; default 0. */
  tag?: number | undefined;
  /** Resolve only when the receiver has matched the message (MPI's synchronous mode); default false. */
  sync?: boolean | undefined;
}

/** Which messages to receive. An option that is left out matches any. */
export interface Match {
  /** Rank of the sender in this communicator. With `null` the call resolves at once with undefined. */
  source?: number | null | undefined;
  tag?: number | undefined;
}

export interface ReceiveOptions extends Match, Cancellable {
  /** A status that `probe` or `iprobe` returned: receives exactly that message. Leave out `source` and `tag` then. */
  probed?: Status | undefined;
  /**
   * Makes `recv(status)` a type error: it would receive any message like that one. Write `recv({ probed: status })`.
   */
  bytes?: never;
}

/** A receive into the caller's array. */
export interface ReceiveInto<A extends TypedArray> extends ReceiveOptions {
  /** Receives the elements; of the type of the message, and at least as long. */
  into: A;
}

export interface SendReceiveOptions extends Cancellable {
  dest: number | null;
  source?: number | null | undefined;
  /** Tag of both messages. Default: 0 for the sent one, any for the received one. */
  tag?: number | undefined;
  sendTag?: number | undefined;
  recvTag?: number | undefined;
}

export interface SendReceiveInto<A extends TypedArray> {
  /** Receives the elements of the received message. */
  into: A;
}

/** A message without its data. */
export interface Status {
  /** Rank of the sender in this communicator. */
  readonly source: number;
  readonly tag: number;
  /** Size of the encoded data in bytes; for a typed array its byteLength and a few more. */
  readonly bytes: number;
}

/** A message with its {@link Status}. */
export interface Message<T> extends Status {
  readonly data: T;
  readonly status: Status;
}

export interface SplitOptions extends Cancellable {
  /**
   * The ranks of one colour are ordered by key, ranks with equal keys by their rank here. Default: all by their rank
   * here.
   */
  key?: number | undefined;
}

export interface CartOptions extends Cancellable {
  /** Whether the grid closes to a ring, in all dimensions or in each; default false. */
  periodic?: boolean | readonly boolean[] | undefined;
  /** Whether ranks may be renumbered so that neighbours share a host. Accepted, but not done so far; default false. */
  reorder?: boolean | undefined;
  /** Whether there may be more ranks than places. The last ranks are then in no grid and get null. Default false. */
  spare?: boolean | undefined;
}

/** The neighbours of this rank in a graph. Their order is the order of parts and results in neighbour collectives. */
export interface Neighbors {
  /** Ranks that this rank sends to. */
  destinations: readonly number[];
  /** Ranks that send to this rank. Default: found from the destinations of the other ranks, in the order of ranks. */
  sources?: readonly number[] | undefined;
}

export interface RootOptions extends Cancellable {
  /** The rank that gives or gets the whole; default 0. All ranks must name the same one. */
  root?: number | undefined;
}

/** Options of a collective with a root between two groups. */
export interface InterRootOptions extends Cancellable {
  /**
   * `"here"`: this rank is the root. `null`: another rank of this group is the root. A number: the root is that rank of
   * the other group; all ranks of this group name it.
   */
  root: "here" | number | null;
}

export interface ReduceOptions extends Cancellable {
  /**
   * Combine in an order that depends only on the number of ranks: results are equal bit by bit, at some cost in speed.
   */
  deterministic?: boolean | undefined;
}

/** The result is written into the caller's array; the call resolves to that array. */
export interface Into<A extends TypedArray> {
  into: A;
}

/** Like {@link Into}, but optional; only where T is a typed array. */
export interface MaybeInto<T> {
  into?: Extract<T, TypedArray> | undefined;
}

/** Options of a reduction of values of type T. */
export type ReduceInto<T> = ReduceOptions & MaybeInto<T>;
