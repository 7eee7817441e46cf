import type { Identity } from "../calls/call.ts";
import type { Engine } from "../engine/engine.ts";
import type { PeerAddress, SpawnAnswer, SpawnWish } from "../wire/agent-protocol.ts";
import type { Progress } from "../wire/progress.ts";

/** Starts more ranks while the job runs, where there is a launcher. */
export interface Spawner {
  /** Where ranks that do not share memory with this one reach it. From now on packets of ranks that are not known yet may come. */
  address(): Promise<PeerAddress>;
  /** Asks the launcher. Resolves when the new ranks are in their world, or with the reason why there are none. */
  ask(wish: SpawnWish): Promise<SpawnAnswer>;
  /** Ends what {@link address} has begun: the new ranks can be sent to. */
  know(peers: readonly PeerAddress[]): void;
}

/**
 * What all communicators of one rank share: the engine, the rank's identity, and the end of the job.
 * There is no module-level state, so two worlds in one process are two of these.
 */
export interface World {
  readonly who: Identity;
  readonly engine: Engine;
  /** Name of each rank's host, by its number in the job. Grows when ranks are spawned. */
  readonly hosts: readonly string[];
  /** Number of the communicator of all ranks: 0, or more in a world of spawned ranks. */
  readonly context: number;
  /** The ranks of the world, by their numbers in the job. */
  readonly members: readonly number[];
  /** Those that have spawned this world. */
  readonly parents?: { readonly context: number; readonly members: readonly number[] } | undefined;
  readonly spawner?: Spawner | undefined;
  /** Which of the job's programs this rank runs, from 0. */
  readonly program: number;
  /** Aborts when the job is stopped, or is about to be. */
  readonly signal: AbortSignal;
  /** Count of the numbers for communicators that this rank has offered; the first one, of rank 0, is the world itself. */
  nextContext: number;
  /** Sends progress to the launcher. Without it the rank writes lines. */
  showProgress?: (progress: Progress) => void;
  /** Tells the launcher of a rank that does not return from a task that was given up. */
  reportUnresponsive?: (rank: number, reason: string) => void;
  /** Present in a run that is recorded. */
  recording?: {
    /** Opens a phase of the program. The function that is returned closes it. */
    openPhase(name: string): () => void;
  };
  /** Ends the job with this exit code. */
  abort(code: number, reason: string): Promise<never>;
  /** Sends out what this rank has sent, and leaves the world. Idempotent. */
  close(): Promise<void>;
}
