/*
 * One file, although it is long: these four make each other, so each names the others.
 */
import type {
  AbortOptions,
  CallOptions,
  CartOptions,
  GraphNeighbors,
  GraphOptions,
  IntoListOptions,
  IntoOptions,
  MergeOptions,
  ShiftOptions,
  ShiftPeers,
  SpawnOptions,
  SplitOptions,
} from "../../calls/options.ts";
import { type InstanceCheck, instanceCheck } from "../../calls/package-copies.ts";
import type { ArrayOrBlock, Block } from "../../calls/regions/block.ts";
import type { TypedArray } from "../../calls/typed-array.ts";
import type { CheckpointStore, CheckpointsOptions } from "../../checkpoints/face.ts";
import type { OpenFileOptions, ParallelFile } from "../../files/parallel-file.ts";
import type { CollectiveCalls } from "./collectives.ts";
import type { Group } from "./group.ts";
import type { InterCollectiveCalls } from "./inter-collectives.ts";
import type { PointToPointCalls } from "./point-to-point.ts";
import type { RecoveryCalls } from "./recovery.ts";
import type { ReductionCalls } from "./reductions.ts";
import type { TaskCalls } from "./tasks.ts";
import type { WindowCalls } from "./windows.ts";

/**
 * A group of ranks with its own message space: the world, or a communicator made from it.
 *
 * ```ts
 * const mine = await world.scatter(() => chunks([1, 2, 3, 4], world.size));
 * const total = await world.allreduce(mine[0] ?? 0, sum); // => 10
 * ```
 *
 * A call that fails rejects with an {@link MpiError}. Making communicators is collective: all ranks of this one call it, in
 * the same order.
 */
export interface Communicator
  extends PointToPointCalls,
    CollectiveCalls,
    ReductionCalls,
    TaskCalls,
    WindowCalls,
    RecoveryCalls {
  /** Name of this rank's host, as the scheduler writes it. */
  readonly host: string;

  /**
   * Which program this rank runs, from 0: `tsmpi run -n 2 master.ts : -n 6 worker.ts` has two. 0 where there is one.
   *
   * ```ts
   * const mine = await world.split(world.program); // the ranks of this rank's own program
   * mine.size; // => 4
   * ```
   */
  readonly program: number;

  /**
   * The ranks that have spawned this rank's world, see {@link Communicator.spawn}; null in the first world.
   *
   * ```ts
   * world.parent; // => null
   * ```
   */
  readonly parent: Intercommunicator | null;

  /** Aborts when the job is about to be stopped: a rank failed, a rank called {@link abort}, or the time is up. */
  readonly signal: AbortSignal;

  /** The ranks of this communicator, as a set to make other sets from. */
  readonly group: Group;

  /**
   * Runs `body`, and names the time that it takes: `tsmpi run --report` and the like show how well each phase runs in parallel.
   * Within a phase there may be others. Not collective: a rank may have phases of its own. Costs nothing in a run that is not
   * recorded.
   *
   * ```ts
   * const squares = await world.phase("assembly", () => [1, 2, 3].map((x) => x * x));
   * const total = await world.phase("solve", () => world.allreduce(squares[0] ?? 0, sum)); // => 4
   * ```
   * @param name shown in reports; within another phase as `outer/name`
   * @param body the part of the program; its value is given back
   * @throws MpiError `invalid-argument` for another kind of name or body; what `body` throws
   */
  phase<R>(name: string, body: () => R | Promise<R>): Promise<R>;

  /**
   * Gives one communicator for each color, made of the ranks that gave that color; null to a rank that gave null.
   *
   * ```ts
   * const half = await world.split(world.rank < 2 ? "low" : "high");
   * half.size; // => 2
   * ```
   * @param color a number or a string; null: in none
   * @param options `key` orders the ranks; default: their order here
   * @throws MpiError `invalid-argument` for another kind of color or key
   */
  split(color: number | string, options?: SplitOptions): Promise<Communicator>;
  split(color: number | string | null, options?: SplitOptions): Promise<Communicator | null>;

  /**
   * Gives a communicator of the same ranks whose messages never meet this one's: for a library's own messages.
   *
   * ```ts
   * const own = await world.dup();
   * own.size; // => world.size
   * ```
   * @param options `signal`
   * @throws MpiError `mismatch`, `rank-failed`, `aborted`, `closed`
   */
  dup(options?: CallOptions): Promise<Communicator>;

  /**
   * Gives a communicator of the ranks that share memory with this one (MPI's COMM_TYPE_SHARED). Ranks of one host do not share
   * memory where they talk over ZeroMQ.
   *
   * ```ts
   * const host = await world.splitShared();
   * host.size; // => 4
   * ```
   * @param options `key` orders the ranks, default: their order here; `signal`
   * @throws MpiError `invalid-argument` for another kind of key
   */
  splitShared(options?: SplitOptions): Promise<Communicator>;

  /**
   * Gives a communicator of the ranks that are left, in their order here. All of them call it. If ranks are gone, this one is revoked
   * (`revoke`). Whoever dies after it is in the new one, which is then shrunk again.
   *
   * ```ts
   * const left = await (await world.dup()).shrink();
   * left.size; // => 4
   * ```
   * @throws MpiError `mismatch` when ranks call different things, `closed`
   */
  shrink(): Promise<Communicator>;

  /**
   * Gives a communicator of some ranks of this one, in the order given; null on the other ranks.
   *
   * ```ts
   * const even = await world.subset([0, 2]);
   * const rest = await world.subset(world.group.exclude([0, 2]));
   * rest === null; // => world.rank % 2 === 0
   * ```
   * @param ranks ranks of this communicator, or a {@link Group}; the same ones on all ranks
   * @param options `signal`
   * @throws MpiError `invalid-argument` for a rank that is not here, `mismatch` when ranks give different lists
   */
  subset(ranks: Iterable<number> | Group, options?: CallOptions): Promise<Communicator | null>;

  /**
   * Gives all ranks a place in a grid, the last dimension running fastest.
   *
   * With `spare` there may be more ranks than places: the last ranks have no place and get null. With `reorder` neighbors are
   * on one host as far as possible, and {@link CartCommunicator.rank} is another number than here.
   *
   * ```ts
   * const grid = await world.cart(dims(world.size, 2), { periodic: true });
   * grid.dims; // => [2, 2]
   * ```
   * @param extents number of places along each dimension; the same on all ranks
   * @param options `periodic`, `spare`, `reorder`
   * @throws MpiError `invalid-argument` when there are not as many places as ranks (`spare`: when there are more places),
   * `mismatch` when ranks give different grids
   */
  cart(extents: readonly number[], options: CartOptions & { spare: true }): Promise<CartCommunicator | null>;
  cart(extents: readonly number[], options?: CartOptions & { spare?: false | undefined }): Promise<CartCommunicator>;
  cart(extents: readonly number[], options?: CartOptions): Promise<CartCommunicator | null>;

  /**
   * Gives the same ranks, each with neighbors of its own for {@link GraphCommunicator.neighborAllgather} and the like.
   *
   * ```ts
   * const right = (world.rank + 1) % world.size;
   * const ring = await world.graph({ destinations: [right] }); // sources are found
   * ring.sources; // => [(world.rank + 3) % 4]
   * ```
   * @param neighbors the destinations and sources of this rank; a list is both
   * @param options `reorder`, `signal`
   * @throws MpiError `mismatch` when a rank names a source that does not name it as a destination, or the reverse
   */
  graph(neighbors: readonly number[] | GraphNeighbors, options?: GraphOptions): Promise<GraphCommunicator>;

  /**
   * Starts `count` more ranks while the job runs. Collective; all ranks say the same. The new ranks run `script` with a world of
   * their own, and reach these ranks through {@link Communicator.parent}.
   *
   * They get free slots of the job's hosts, those of ranks that have ended first. The script's path is relative to the directory of
   * rank 0, where the new ranks start. The job ends when all ranks have ended, these too.
   *
   * ```ts
   * const workers = await world.spawn(2, "worker.ts", { args: ["fast"] });
   * workers.remoteSize; // => 2
   * const both = await workers.merge({ high: false }); // in worker.ts: world.parent.merge({ high: true })
   * both.size; // => world.size + 2
   * ```
   * @param count number of ranks
   * @param script path, or a `file:` URL
   * @param options `args`, `env`, `signal`
   * @throws MpiError `launch` on all ranks where they cannot be started, `invalid-argument`, `mismatch`
   */
  spawn(count: number, script: string | URL, options?: SpawnOptions): Promise<Intercommunicator>;

  /**
   * Joins this communicator's ranks with those of another communicator. Both groups call it; no rank is in both.
   *
   * One rank of each group, the leader, reaches the other leader over a communicator that both are in.
   *
   * ```ts
   * const left = world.rank < 2;
   * const half = await world.split(left ? "left" : "right");
   * const other = await half.intercomm({ bridge: world, remoteLeader: left ? 2 : 0 });
   * other.remoteSize; // => 2
   * ```
   * @param options `bridge` and `remoteLeader` are required
   * @throws MpiError `invalid-argument` when a rank is in both groups, `mismatch` when ranks name different leaders
   */
  intercomm(options: IntercommOptions): Promise<Intercommunicator>;

  /**
   * Opens a file that all ranks read and write.
   *
   * A new file is written under another name beside it, and appears under its own, whole, at `close()`. Without that it is
   * discarded: when its scope is left, and when the job ends.
   *
   * ```ts
   * await using file = await world.openFile("ranks.txt", { flags: "w" });
   * await file.writeOrdered(`rank ${world.rank}\n`);
   * await file.close();
   * ```
   * @param path the file; relative to the working directory
   * @param options `flags`, default `"r"`; `inPlace`, `preallocate`, `mode`, `durable`
   * @throws MpiError `io` on all ranks when one of them cannot open it
   */
  openFile(path: string, options?: OpenFileOptions): Promise<ParallelFile>;

  /**
   * Opens a directory in which the state of all ranks is saved, and from which a later run goes on. Makes it if it is missing. One
   * job at a time uses it.
   *
   * ```ts
   * const store = await world.checkpoints("pi");
   * const { step, state } = (await store.load<number>()) ?? { step: 0, state: 0 };
   * await store.save(step + 1, state + 3.14);
   * ```
   * @param directory all hosts must see it; relative to the working directory
   * @param options `keep`, how many checkpoints stay, default 2
   * @throws MpiError `io` on all ranks when it cannot be made or written, is not the same on all hosts, or another job uses it
   */
  checkpoints(directory: string, options?: CheckpointsOptions): Promise<CheckpointStore>;

  /**
   * Ends the whole job: all ranks are stopped, and `tsmpi run` ends with `code`. Never returns.
   *
   * ```ts
   * if (world.size > 100) await world.abort({ code: 2, reason: "too many ranks" });
   * ```
   * @param options `code`, 1 to 255, default 1; `reason`, for the message
   * @throws MpiError `invalid-argument` for `abort(2, "why")`: code and reason are named
   */
  abort(options?: AbortOptions): Promise<never>;
}

/**
 * Ranks in a grid. Beyond a border that is not periodic a neighbor is `null`, with which `send`, `recv` and `sendrecv` do
 * nothing.
 *
 * Neighbor collectives go by dimension, the lower neighbor before the upper one: two entries for each dimension.
 */
export interface CartCommunicator extends Communicator {
  /** Number of places along each dimension. */
  readonly dims: readonly number[];

  /** Whether each dimension closes to a ring. */
  readonly periodic: readonly boolean[];

  /** The neighbors in the order of neighbor collectives: lower and upper of each dimension; null beyond a border. */
  readonly neighbors: readonly (number | null)[];

  /**
   * Gives the coordinates of a rank.
   * @param rank default: this rank
   * @throws MpiError `invalid-argument` for a rank that is not in the grid
   */
  coords(rank?: number): number[];

  /**
   * Gives the rank at these coordinates, counted around where the grid is periodic; null for a place outside.
   * @param coords one whole number for each dimension
   * @throws MpiError `invalid-argument` when there are not as many coordinates as dimensions
   */
  rankOf(coords: readonly number[]): number | null;

  /**
   * Gives the two peers for moving data `by` steps along a dimension: `dest` to send to, `source` to receive from.
   *
   * ```ts
   * const line = await world.cart([world.size], { periodic: true });
   * const { source, dest } = line.shift({ dimension: 0 });
   * const fromLeft = await line.sendrecv<number>(line.rank, { source, dest }); // => source
   * ```
   * @param options `dimension`, from 0; `by`, default 1
   * @throws MpiError `invalid-argument` for a dimension that the grid does not have, and for `shift(0, 1)`
   */
  shift(options: ShiftOptions): ShiftPeers;

  /**
   * Gives the smaller grid that this rank is in, of the dimensions that are kept: a row, a column, a plane.
   *
   * ```ts
   * const grid = await world.cart([2, 2]);
   * const row = await grid.sub([false, true]);
   * row.size; // => 2
   * ```
   * @param keep for each dimension, whether it is kept
   * @param options `signal`
   * @throws MpiError `invalid-argument` when there are not as many entries as dimensions
   */
  sub(keep: readonly boolean[], options?: CallOptions): Promise<CartCommunicator>;

  /**
   * Gives the same grid with its own message space; see {@link Communicator.dup}.
   * @param options `signal`
   */
  dup(options?: CallOptions): Promise<CartCommunicator>;

  /**
   * Gives copies of the neighbors' values, lower and upper of each dimension; undefined beyond a border.
   *
   * With `into` they lie one after the other in one array. A border keeps the room that this rank's own value would take,
   * and its elements stay as they are.
   *
   * ```ts
   * const line = await world.cart([world.size]);
   * const [left] = await line.neighborAllgather(line.rank);
   * left; // => line.rank === 0 ? undefined : line.rank - 1
   * ```
   * @param value this rank's value
   * @param options `into`, `signal`
   * @throws MpiError `mismatch` when `into` has another type or is too short
   */
  neighborAllgather<A extends TypedArray>(value: ArrayOrBlock<A>, options: CallOptions & IntoOptions<A>): Promise<A>;
  neighborAllgather<A extends TypedArray>(
    value: ArrayOrBlock<A>,
    options: CallOptions & IntoOptions<Block<A>>,
  ): Promise<Block<A>>;
  neighborAllgather<A extends TypedArray>(
    value: ArrayOrBlock<A>,
    options: CallOptions & IntoListOptions<A>,
  ): Promise<readonly ArrayOrBlock<A>[]>;
  neighborAllgather<A extends TypedArray>(value: Block<A>, options?: CallOptions): Promise<(A | undefined)[]>;
  neighborAllgather<T>(value: T, options?: CallOptions): Promise<(T | undefined)[]>;

  /**
   * Gives `parts[i]` to the i-th neighbor (to none beyond a border), and copies of what the neighbors had for this rank.
   *
   * With `into` they lie one after the other in one array. A border keeps the room of this rank's own part for it.
   *
   * ```ts
   * const line = await world.cart([world.size], { periodic: true });
   * const [fromLeft] = await line.neighborAlltoall(["to the left", "to the right"]);
   * fromLeft; // => "to the right"
   * ```
   * @param parts one part for each neighbor, also for those beyond a border
   * @param options `into`, `signal`
   * @throws MpiError `invalid-argument` when there are not as many parts as neighbors; `mismatch` for `into`
   */
  neighborAlltoall<A extends TypedArray>(
    parts: readonly ArrayOrBlock<A>[],
    options: CallOptions & IntoOptions<A>,
  ): Promise<A>;
  neighborAlltoall<A extends TypedArray>(
    parts: readonly ArrayOrBlock<A>[],
    options: CallOptions & IntoOptions<Block<A>>,
  ): Promise<Block<A>>;
  neighborAlltoall<A extends TypedArray>(
    parts: readonly ArrayOrBlock<A>[],
    options: CallOptions & IntoListOptions<A>,
  ): Promise<readonly ArrayOrBlock<A>[]>;
  neighborAlltoall<A extends TypedArray>(parts: readonly Block<A>[], options?: CallOptions): Promise<(A | undefined)[]>;
  neighborAlltoall<T>(parts: readonly T[], options?: CallOptions): Promise<(T | undefined)[]>;
}

/** Ranks with neighbors. A rank may be a neighbor several times; its messages then keep the order of the lists. */
export interface GraphCommunicator extends Communicator {
  /** Ranks that send to this one, in the order of results. */
  readonly sources: readonly number[];

  /** Ranks that this one sends to, in the order of parts. */
  readonly destinations: readonly number[];

  /**
   * Gives the same graph with its own message space; see {@link Communicator.dup}.
   * @param options `signal`
   */
  dup(options?: CallOptions): Promise<GraphCommunicator>;

  /**
   * Gives copies of the sources' values, in the order of the sources.
   *
   * ```ts
   * const star = await world.graph(world.rank === 0 ? [1, 2, 3] : [0]);
   * const around = await star.neighborAllgather(world.rank); // => world.rank === 0 ? [1, 2, 3] : [0]
   * ```
   * @param value this rank's value
   * @param options `into`, one array for all values, one after the other; `signal`
   * @throws MpiError `mismatch` when `into` has another type or is too short
   */
  neighborAllgather<A extends TypedArray>(value: ArrayOrBlock<A>, options: CallOptions & IntoOptions<A>): Promise<A>;
  neighborAllgather<A extends TypedArray>(
    value: ArrayOrBlock<A>,
    options: CallOptions & IntoOptions<Block<A>>,
  ): Promise<Block<A>>;
  neighborAllgather<A extends TypedArray>(
    value: ArrayOrBlock<A>,
    options: CallOptions & IntoListOptions<A>,
  ): Promise<readonly ArrayOrBlock<A>[]>;
  neighborAllgather<A extends TypedArray>(value: Block<A>, options?: CallOptions): Promise<A[]>;
  neighborAllgather<T>(value: T, options?: CallOptions): Promise<T[]>;

  /**
   * Gives `parts[i]` to the i-th destination, and copies of what each source had for this rank.
   *
   * ```ts
   * const right = (world.rank + 1) % world.size;
   * const ring = await world.graph({ destinations: [right] });
   * const got = await ring.neighborAlltoall([world.rank]); // => ring.sources
   * ```
   * @param parts one part for each destination
   * @param options `into`, one array for all parts, one after the other; `signal`
   * @throws MpiError `invalid-argument` when there are not as many parts as destinations; `mismatch` for `into`
   */
  neighborAlltoall<A extends TypedArray>(
    parts: readonly ArrayOrBlock<A>[],
    options: CallOptions & IntoOptions<A>,
  ): Promise<A>;
  neighborAlltoall<A extends TypedArray>(
    parts: readonly ArrayOrBlock<A>[],
    options: CallOptions & IntoOptions<Block<A>>,
  ): Promise<Block<A>>;
  neighborAlltoall<A extends TypedArray>(
    parts: readonly ArrayOrBlock<A>[],
    options: CallOptions & IntoListOptions<A>,
  ): Promise<readonly ArrayOrBlock<A>[]>;
  neighborAlltoall<A extends TypedArray>(parts: readonly Block<A>[], options?: CallOptions): Promise<A[]>;
  neighborAlltoall<T>(parts: readonly T[], options?: CallOptions): Promise<T[]>;
}

/**
 * Two groups of ranks that talk to each other. Every `dest` and `source` is a rank of the other group, and in collectives
 * the data of one group goes to the other.
 */
export interface Intercommunicator extends PointToPointCalls, InterCollectiveCalls, RecoveryCalls {
  /** Number of ranks in the other group. */
  readonly remoteSize: number;

  /** The ranks of this rank's own group. */
  readonly group: Group;

  /** The ranks of the other group. */
  readonly remoteGroup: Group;

  /**
   * Gives one communicator of both groups, the group that says `high: true` behind the other.
   *
   * ```ts
   * const left = world.rank < 2;
   * const half = await world.split(left ? 0 : 1);
   * const other = await half.intercomm({ bridge: world, remoteLeader: left ? 2 : 0 });
   * const all = await other.merge({ high: left });
   * all.rank; // => (world.rank + 2) % 4
   * ```
   * @param options `high` is required
   * @throws MpiError `mismatch` when ranks of one group say different things
   */
  merge(options: MergeOptions): Promise<Communicator>;

  /**
   * Gives the ranks of both groups that are left; see {@link Communicator.shrink}.
   *
   * ```ts
   * const left = world.rank < 2;
   * const half = await world.split(left ? 0 : 1);
   * const other = await half.intercomm({ bridge: world, remoteLeader: left ? 2 : 0 });
   * const alive = await other.shrink();
   * alive.remoteSize; // => 2
   * ```
   * @throws MpiError `rank-failed` when nobody is left in the other group, `mismatch`, `closed`
   */
  shrink(): Promise<Intercommunicator>;

  /**
   * Gives the same two groups with their own message space; see {@link Communicator.dup}.
   * @param options `signal`
   */
  dup(options?: CallOptions): Promise<Intercommunicator>;
}

/** Options of `intercomm`: how the two groups find each other. */
export interface IntercommOptions extends CallOptions {
  /** A communicator that both leaders are in. */
  bridge: Communicator | Intercommunicator;
  /** Rank of the other group's leader in `bridge`. */
  remoteLeader: number;
  /** Rank of this group's leader in its communicator; default 0. */
  leader?: number | undefined;
  /** Tag of the leaders' messages over the bridge; default 0. */
  tag?: number | undefined;
}

/** For `instanceof`, which holds for every communicator of one group. */
export const Communicator: InstanceCheck<Communicator> = instanceCheck("Communicator");
/** For `instanceof`. */
export const CartCommunicator: InstanceCheck<CartCommunicator> = instanceCheck("CartCommunicator");
/** For `instanceof`. */
export const GraphCommunicator: InstanceCheck<GraphCommunicator> = instanceCheck("GraphCommunicator");
/** For `instanceof`. */
export const Intercommunicator: InstanceCheck<Intercommunicator> = instanceCheck("Intercommunicator");
