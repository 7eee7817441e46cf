import type { Identity } from "../calls/call.ts";
import type { Checker } from "../calls/checker.ts";
import type { Peers } from "../wire/peers.ts";
import type { Progress } from "../wire/progress.ts";

/** The ranks that do tasks together, seen by one of them, and what it knows of them. */
export interface TaskGroup {
  readonly peers: Peers;
  readonly who: Identity;
  /** Rank in the world of each rank here; errors name that one. */
  readonly members: readonly number[];
  /** Name of each rank's host. */
  readonly hosts: readonly string[];
  /** Aborts when the job is being stopped, or is about to be: no new work is handed out then. */
  readonly signal: AbortSignal;
  /** Whether to show progress where a call does not say. */
  readonly showsProgress: boolean;
  /** What `--check` looks for; undefined without it. */
  readonly checking: Checker | undefined;
  /** Shows progress to whoever started the job. */
  show(progress: Progress): void;
}
