import type { ArrayOrBlock } from "./regions/block.ts";
import type { TypedArray } from "./typed-array.ts";

/** Options of every call that waits. */
export interface CallOptions {
  /**
   * Cancels the call: it rejects with `aborted` when the signal aborts. A message that is already matched is still
   * delivered, and its call resolves. A send that rejects has delivered nothing.
   */
  signal?: AbortSignal | undefined;
}

/** Options of `send`. */
export interface SendOptions extends CallOptions {
  /** Rank of the receiver in this communicator. With `null`, a place beyond the border of a grid, the call does nothing. */
  dest: number | null;
  /** 0 to 2^31 - 1; default 0. */
  tag?: number | undefined;
  /** Resolve only when the receiver has matched the message (MPI's synchronous mode); default false. */
  sync?: boolean | undefined;
}

/** Which messages to take. An option that is left out matches any message. */
export interface MessageFilter {
  /** Rank of the sender in this communicator. With `null`, a place beyond the border of a grid, a receive gives undefined. */
  source?: number | null | undefined;
  /** Tag of the message. */
  tag?: number | undefined;
}

/** Options of `probe` and `messages`. */
export interface ProbeOptions extends MessageFilter, CallOptions {}

/** Options of `recv` and `recvMessage`. */
export interface RecvOptions extends ProbeOptions {
  /** What `probe` or `iprobe` has found: takes exactly that message. `source` and `tag` are left out then. */
  probed?: Status | undefined;
  /** Not an option. Refuses `recv(status)`, which would take any message like that one: give `{ probed: status }`. */
  bytes?: never;
}

/** Options of a receive into the caller's memory. */
export interface RecvIntoOptions<A extends ArrayOrBlock> extends RecvOptions {
  /** Takes the elements of the message: an array or a block, at least as long as the message, and of the same type. */
  into: A;
}

/** Options of `sendrecv`. */
export interface SendrecvOptions extends CallOptions {
  /** Rank of the receiver. With `null` nothing is sent. */
  dest: number | null;
  /** Rank of the sender; default any. With `null` nothing is received. */
  source?: number | null | undefined;
  /** Tag of both messages: default 0 for the one sent, any for the one received. */
  tag?: number | undefined;
  /** Tag of the message sent; default `tag`. */
  sendTag?: number | undefined;
  /** Tag of the message received; default `tag`. */
  recvTag?: number | undefined;
}

/** What is known of a message without its data. */
export interface Status {
  /** Rank of the sender in this communicator. */
  readonly source: number;
  /** Tag of the message. */
  readonly tag: number;
  /** Size of the encoded data in bytes; of a typed array, its byteLength and a few more. */
  readonly bytes: number;
}

/** A message and its {@link Status}. */
export interface ReceivedMessage<T> extends Status {
  /** The value that was sent. */
  readonly data: T;
  /** Sender, tag and size together. */
  readonly status: Status;
}

/** Options of `split`. */
export interface SplitOptions extends CallOptions {
  /** Orders the ranks of one color; equal keys keep the order of this communicator. Default: its order. */
  key?: number | undefined;
}

/** Options of `spawn`. */
export interface SpawnOptions extends CallOptions {
  /** Arguments of the script, `process.argv.slice(2)` of the new ranks. Default: none. */
  args?: readonly string[] | undefined;
  /** Variables that the new ranks get besides those of the job. */
  env?: Readonly<Record<string, string>> | undefined;
}

/** Options of `cart`. */
export interface CartOptions extends CallOptions {
  /** Whether the grid closes to a ring: in all dimensions, or in each; default false. */
  periodic?: boolean | readonly boolean[] | undefined;
  /**
   * Whether ranks may be renumbered, to put neighbors on one host as far as possible. A rank then may have another number
   * in the grid than here; default false.
   */
  reorder?: boolean | undefined;
  /** Whether there may be more ranks than places. The last ranks are then in no grid and get null. Default false. */
  spare?: boolean | undefined;
}

/** Options of `graph`. */
export interface GraphOptions extends CallOptions {
  /**
   * Whether ranks may be renumbered, to put neighbors on one host as far as possible. The neighbors that rank r gives are those
   * of rank r of the graph, which may be another process; default false.
   */
  reorder?: boolean | undefined;
}

/** Options of `shift`. */
export interface ShiftOptions {
  /** Dimension of the grid, from 0. */
  dimension: number;
  /** Distance in steps; negative: toward lower coordinates. Default 1. */
  by?: number | undefined;
}

/** The two peers of a rank along one dimension of a grid; null beyond a border. Fits `send`, `recv` and `sendrecv`. */
export interface ShiftPeers {
  /** The rank whose data comes to this one. */
  source: number | null;
  /** The rank that this one's data goes to. */
  dest: number | null;
}

/** The neighbors of a rank in a graph. Parts and results of neighbor collectives have the order of these lists. */
export interface GraphNeighbors {
  /** Ranks that this one sends to. */
  destinations: readonly number[];
  /** Ranks that send to this one. Default: found from the other ranks' destinations, in the order of ranks. */
  sources?: readonly number[] | undefined;
}

/** Options of a collective with a root. */
export interface RootOptions extends CallOptions {
  /** The rank that gives or gets the whole; default 0. All ranks must name the same one. */
  root?: number | undefined;
}

/** A value, or a function that makes it. The function is called at the root alone. */
export type RootValue<T> = T | (() => T | Promise<T>);

/** Options of a collective with a root between two groups. */
export interface InterRootOptions extends CallOptions {
  /**
   * `"here"`: this rank is the root. `null`: another rank of this group is the root. A number: the root's rank in the
   * other group; all ranks of this group name the same one.
   */
  root: "here" | number | null;
}

/** Options of `merge`. */
export interface MergeOptions extends CallOptions {
  /** Whether this group's ranks come behind the other group's. All ranks of a group say the same. */
  high: boolean;
}

/** Options of a reduction that has no `into`. */
export interface DeterministicOptions extends CallOptions {
  /**
   * Combine in an order that depends on the number of ranks alone, not on hosts or sizes: results are equal to the last
   * bit from run to run. Costs some speed. Default false.
   */
  deterministic?: boolean | undefined;
}

/** Writes the result into the caller's array, or into a block of one. The call resolves to that array or block. */
export interface IntoOptions<A extends ArrayOrBlock> {
  /** Takes the result: at least as long, and of the same type. */
  into: A;
}

/** Writes each part of the result into an array or a block of its own. The call resolves to the list. */
export interface IntoListOptions<A extends TypedArray> {
  /** One for each part, at least as long, and of the same type. They may not overlap. */
  into: readonly ArrayOrBlock<A>[];
}

/** Like {@link IntoOptions}, but optional, and only where T is a typed array. */
export interface OptionalIntoOptions<T> {
  /** Takes the result: at least as long, and of the same type. */
  into?: Extract<T, TypedArray> | undefined;
}

/** Options of a reduction of values of type T. */
export type ReduceOptions<T> = DeterministicOptions & OptionalIntoOptions<T>;

/** Options of `abort`. */
export interface AbortOptions {
  /** Exit code of the job, 1 to 255; default 1. Anything else counts as 1, because an aborted job has not succeeded. */
  code?: number | undefined;
  /** Why: part of the message that `tsmpi run` shows. */
  reason?: string | undefined;
}
