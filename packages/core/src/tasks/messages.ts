/** A chunk of inputs for one rank. */
export interface Work {
  kind: "work";
  task: string;
  /** Position of the first input, when they follow each other; else each one's. */
  at: number | number[];
  attempt: number;
  /** MapInputs, or lists of arguments. */
  inputs: unknown[];
  spread: boolean;
  timeoutMs: number | undefined;
  /** A rank was lost that had this one task: it begins when rank 0 says `go`, so that rank 0 knows what it died of. */
  suspect: boolean;
}

/**
 * Rank 0 to the others. They answer work with batches of results (`batch.ts`), in the order of the tasks they were given,
 * with an
 * empty batch before they begin a suspect task, and with another as a goodbye where that is asked for.
 */
export type Message =
  | Work
  /** The results of tasks `from` to `from + count - 1` are not wanted. Counted over all tasks that this rank was given. */
  | { kind: "cancel"; from: number; count: number; reason: string }
  | { kind: "go" }
  | { kind: "end"; goodbye: boolean };
