/** One input, from the source to its result. */
export interface Item {
  /** Position of the input among the inputs. */
  readonly index: number;
  /** Its place in the order of handing out. */
  readonly at: number;
  readonly input: unknown;
  readonly digest: Buffer | undefined;
  /** How often its task was begun. */
  attempts: number;
  /** How many ranks were lost while its task was at work on them. */
  losses: number;
}

/** Where a task ran. */
export interface Place {
  rank: number;
  host: string;
}

/** Watches the tasks of a run. */
export interface Observer {
  /** A rank (numbered in the task group) is given this input. */
  begins(item: Item, rank: number): void;
  done(item: Item, value: unknown, place: Place | undefined): void;
  /** The task has failed and is not tried again. */
  failed(item: Item, error: unknown, place: Place | undefined): void;
}
