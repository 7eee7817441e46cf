import type { CallOptions } from "../calls/options.ts";
import type { Distributed } from "./distributed.ts";

/** Options of `checkpoints`. */
export interface CheckpointsOptions extends CallOptions {
  /** How many checkpoints stay: the last ones; default 2, so that one is there if the last is damaged. At least 1. */
  keep?: number | undefined;
}

/** Distributed arrays by name, nested as in the state that was saved. */
export interface DistributedArrays {
  readonly [name: string]: Distributed | DistributedArrays;
}

/** Options of `load` and `loadParts`. */
export interface LoadOptions extends CallOptions {
  /** Arrays to fill, under the names that they have in the state. Each rank names its own regions. */
  into?: DistributedArrays | undefined;
}

/** A checkpoint, as one rank gets it. */
export interface Checkpoint<State = unknown> {
  /** The number that was given to `save`. */
  readonly step: number;
  /** What this rank has saved. */
  readonly state: State;
}

/** What one of the former ranks has saved. */
export interface CheckpointPart<State = unknown> {
  /** The former rank. */
  readonly rank: number;
  /** What it has saved. */
  readonly state: State;
}

/** A checkpoint, shared out among another number of ranks. */
export interface CheckpointParts<State = unknown> {
  /** The number that was given to `save`. */
  readonly step: number;
  /** This rank's share of the parts, in the order of the former ranks; empty where there are more ranks than parts. */
  readonly parts: readonly CheckpointPart<State>[];
}

/**
 * Checkpoints of a program, in a directory. The examples go on from here, on 4 ranks:
 *
 * ```ts
 * const store = await world.checkpoints("state");
 * const u = new Float64Array(3).fill(world.rank);
 * await store.save(10, { u, t: 0.5 });
 * ```
 *
 * All calls are collective. An error of one rank is that of all. Beside what they say, calls may reject with `aborted`, `closed` and
 * `rank-failed`.
 */
export interface CheckpointStore {
  /** The absolute path of the directory. */
  readonly path: string;

  /**
   * Saves the state of all ranks: whole, or not at all. When it resolves, the checkpoint is on the disk, and older ones than the last
   * `keep` are removed. The state must not change before that. When it rejects, the checkpoints from before are as they were.
   *
   * ```ts
   * await store.save(11, { u, t: 0.75 });
   * ```
   * @param step how far the program is; the same on all ranks, a whole number from 0
   * @param state any value that may be sent; typed arrays in it are written as they are. May differ from rank to rank
   * @param options `signal`
   * @throws MpiError on all ranks: `io` when it cannot be written, or when another job has taken over the directory;
   * `unserializable` with the path in the state; `mismatch` when ranks give different steps
   */
  save(step: number, state: unknown, options?: CallOptions): Promise<void>;

  /**
   * Loads the last checkpoint that is whole for all ranks. Gives undefined where none was ever saved. One that is damaged on any rank
   * is passed over, with a warning.
   *
   * ```ts
   * const last = await store.load<{ u: Float64Array; t: number }>();
   * last?.step; // => 10
   * last?.state.u[0]; // => world.rank
   * ```
   * With `into`, distributed arrays are filled, for any number of ranks; see {@link distributed}.
   * @param options `into`; `signal`
   * @throws MpiError on all ranks: `mismatch` when it was saved by another number of ranks (see `into` and {@link loadParts}), or
   * `into` does not fit; `io` when there are checkpoints and none is whole
   */
  load<State = unknown>(options?: LoadOptions): Promise<Checkpoint<State> | undefined>;

  /**
   * Loads the last whole checkpoint for any number of ranks: shares out the parts of the former ranks among the present ones, in order.
   *
   * ```ts
   * const last = await store.loadParts<{ t: number }>();
   * last?.parts.map(({ rank, state }) => [rank, state.t]); // => [[world.rank, 0.5]]
   * ```
   * @param options `into`: arrays to fill, which are then not in the parts; `signal`
   * @throws MpiError on all ranks: `io` when there are checkpoints and none is whole; `mismatch` when `into` does not fit
   */
  loadParts<State = unknown>(options?: LoadOptions): Promise<CheckpointParts<State> | undefined>;
}
