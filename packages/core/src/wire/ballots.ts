/** Ranks of the world, as runs of ranks that follow each other: `[[0, 4], [6, 1]]` are 0, 1, 2, 3 and 6. */
export type RankRuns = readonly (readonly [first: number, count: number])[];

/** What a rank gives to a decision of the ranks that are left. */
export interface Ballot {
  /** Number of the communicator, and of the decision in it. All its ranks number their decisions alike. */
  context: number;
  number: number;
  /** All ranks of the communicator, in any order. */
  members: RankRuns;
  /** What is asked. Ranks that ask different things find out by the outcome. */
  question: string;
  /** The rank's value. Who counts does not look into it. */
  value: string;
}

/** All ballots of a decision. Every rank that is left gets the same. */
export interface Outcome {
  context: number;
  number: number;
  /** In the order of ranks. */
  ballots: [rank: number, question: string, value: string][];
}

/** An outcome, and the ranks of the world that wait for it or are gone. */
export interface Decided {
  readonly outcome: Outcome;
  readonly members: ReadonlySet<number>;
}

interface Open {
  readonly members: ReadonlySet<number>;
  /** Those that have not voted and are not gone. */
  readonly missing: Set<number>;
  readonly cast: Map<number, Ballot>;
}

/**
 * Counts the ballots of ranks of which any may die at any time, in one place that lives as long as the job: the launcher. A
 * decision is made when each of its ranks has voted or is gone, and it is made once: no rank that dies later can change it.
 *
 * ```text
 *   rank 0 ── ballot ──►┐            ┌──► rank 0    outcome { 0: a, 2: c }
 *   rank 1 ── dies ────►│  Ballots   │
 *   rank 2 ── ballot ──►┘            └──► rank 2    outcome { 0: a, 2: c }
 * ```
 *
 * ULFM has no such place, so its ranks need a consensus among themselves that survives the death of each coordinator (Herault
 * et al., "Practical scalable consensus for pseudo-synchronous distributed systems", SC 2015; Bosilca et al., "Post-failure recovery
 * of MPI communication capability", IJHPCA 2013). What is decided, and for whom, is the same as there.
 */
export class Ballots {
  readonly #open: Map<string, Open> = new Map();
  readonly #gone: Set<number> = new Set();

  /** A rank votes. Gives the decision that this completes. */
  cast(rank: number, ballot: Ballot): Decided[] {
    if (this.#gone.has(rank)) return [];
    const open = this.#openFor(ballot);
    if (!open.missing.delete(rank)) return [];
    open.cast.set(rank, ballot);
    return this.#decided(keyOf(ballot), open);
  }

  /** A rank is gone, in any way. What it has cast counts. Gives the decisions that this completes. */
  gone(rank: number): Decided[] {
    this.#gone.add(rank);
    return [...this.#open].flatMap(([key, open]) => (open.missing.delete(rank) ? this.#decided(key, open) : []));
  }

  #openFor(ballot: Ballot): Open {
    const key = keyOf(ballot);
    let open = this.#open.get(key);
    if (open === undefined) {
      const members = new Set(ranksIn(ballot.members));
      const missing = new Set([...members].filter((rank) => !this.#gone.has(rank)));
      open = { members, missing, cast: new Map() };
      this.#open.set(key, open);
    }
    return open;
  }

  #decided(key: string, { members, missing, cast }: Open): Decided[] {
    if (missing.size > 0 || cast.size === 0) return [];
    this.#open.delete(key);
    const voters = [...cast].sort(([a], [b]) => a - b);
    const [[, { context, number }]] = voters as [[number, Ballot]];
    const ballots = voters.map(([rank, { question, value }]): Outcome["ballots"][number] => [rank, question, value]);
    return [{ outcome: { context, number, ballots }, members }];
  }
}

function keyOf({ context, number }: Ballot): string {
  return `${context}.${number}`;
}

export function ranksIn(runs: RankRuns): number[] {
  return runs.flatMap(([first, count]) => Array.from({ length: count }, (_, i) => first + i));
}

export function runsOf(ranks: readonly number[]): RankRuns {
  const runs: [number, number][] = [];
  for (const rank of [...ranks].sort((a, b) => a - b)) {
    const last = runs.at(-1);
    if (last !== undefined && last[0] + last[1] === rank) last[1]++;
    else runs.push([rank, 1]);
  }
  return runs;
}
