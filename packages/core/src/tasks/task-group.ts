import type { Identity } from "../calls/call.ts";
import type { Checker } from "../calls/checker.ts";
import type { Peers } from "../wire/peers.ts";
import type { Progress } from "../wire/progress.ts";
import type { ClaimMemory } from "./offers.ts";

/** What tasks need of {@link Peers}. */
export type TaskPeers = Pick<Peers, "rank" | "size" | "send" | "recv">;

/** The ranks of one map or pool, as one of them sees them. */
export interface TaskGroup {
  readonly peers: TaskPeers;
  readonly who: Identity;
  /** Rank in the world of each rank of the group. Errors name the rank in the world. */
  readonly members: readonly number[];
  /** Name of each rank's host. */
  readonly hosts: readonly string[];
  /** Aborts when the job is being stopped or is about to be. No new work is handed out then. */
  readonly signal: AbortSignal;
  /** Default of the option `progress`. */
  readonly showsProgress: boolean;
  /** The checks of `--check`; undefined without it. */
  readonly checking: Checker | undefined;
  /** Memory in which the ranks of the group claim tasks; undefined unless they all share memory. */
  claims(): ClaimMemory | undefined;
  /** Set by the call: whether a task or the driver is at work on this rank, so that a call made now may be one of theirs. */
  isAtWork: () => boolean;
  /** Shows progress at the terminal of `tsmpi run`. */
  show(progress: Progress): void;
  /** A rank (numbered in the world) does not return from a task that was given up. Under `--keep-going` it is ended. */
  reportUnresponsive(rank: number, reason: string): void;
}
