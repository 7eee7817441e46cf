import type { Identity } from "../calls/call.ts";
import type { Engine } from "../engine/engine.ts";
import type { Progress } from "../wire/progress.ts";

/**
 * What all communicators of one rank share: the engine, the rank's identity, and the end of the job.
 * There is no module-level state, so two worlds in one process are two of these.
 */
export interface World {
  readonly who: Identity;
  readonly engine: Engine;
  /** Name of each rank's host, by rank in the world. */
  readonly hosts: readonly string[];
  /** Which of the job's programs this rank runs, from 0. */
  readonly program: number;
  /** Aborts when the job is stopped, or is about to be. */
  readonly signal: AbortSignal;
  /** Count of the numbers for communicators that this rank has offered; the world itself has number 0. */
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
