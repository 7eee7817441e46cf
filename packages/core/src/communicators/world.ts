import type { Identity } from "../calls/call.ts";
import type { Engine } from "../engine/engine.ts";
import type { Progress } from "../wire/progress.ts";

/**
 * What all communicators of one rank share: its engine, its place, and how the whole job is ended.
 * Two worlds in one process are two of these; there is no module-level state.
 */
export interface World {
  readonly who: Identity;
  readonly engine: Engine;
  /** Name of each rank's host, by rank in the world. */
  readonly hosts: readonly string[];
  /** Aborts when the job is being stopped, or is about to be. */
  readonly signal: AbortSignal;
  /** How many numbers for communicators this rank has offered (from 1: the world's own is 0). */
  nextContext: number;
  /** Shows progress to whoever started the job; without it the rank writes lines. */
  showProgress?: (progress: Progress) => void;
  /** Ends the job with this exit code. */
  abort(code: number, reason: string): Promise<never>;
  /** Flushes what this rank has sent and leaves the world; idempotent. */
  close(): Promise<void>;
}
