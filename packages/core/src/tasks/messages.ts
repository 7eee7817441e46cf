/** A chunk of inputs for one worker. */
export interface Work {
  kind: "work";
  task: string;
  /** Position of the first input if they are consecutive; else the position of each. */
  at: number | number[];
  attempt: number;
  /** Of rank 0's function, see `fingerprintOf`. */
  fingerprint: number | undefined;
  /** Inputs, or lists of arguments. */
  inputs: unknown[];
  spread: boolean;
  timeoutMs: number | undefined;
  /** These tasks are offered to all ranks: each claims the next one when it is free (`claims.ts`). The number of the offer. */
  offer?: number;
  /** A rank was lost with this one task. The task begins after `go`, so that rank 0 knows which task was at work at a loss. */
  suspect: boolean;
}

/**
 * Rank 0 to a worker. The worker answers with batches of results (`batch.ts`) in the order of its tasks. It sends an empty batch
 * before it begins a suspect task, and an empty batch as a goodbye where the `end` message asks for it.
 */
export type Message =
  | Work
  /** The results of tasks `from` to `from + count - 1` are not wanted. Tasks are numbered over all work of this worker. */
  | { kind: "cancel"; from: number; count: number; reason: string }
  /** The results of this offer are not wanted. */
  | { kind: "withdraw"; offer: number; reason: string }
  /** Give back the tasks from this number on that have not begun. The next batch says how many. */
  | { kind: "recall"; from: number }
  | { kind: "go" }
  | { kind: "end"; goodbye: boolean };
