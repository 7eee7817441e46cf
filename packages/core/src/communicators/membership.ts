import { MpiError } from "../calls/errors.ts";
import type { World } from "./world.ts";

/** What a rank gives when new communicators are made: which one it joins, and its place there. */
export interface Vote {
  /** Ranks of one color form a communicator. A rank with null joins none. */
  readonly color: number | string | null;
  readonly key: number;
  /** A number for the new communicator that only this rank can offer (see {@link offer}). */
  readonly context: number;
  /** The arguments that must be the same on all ranks, as text. */
  readonly same: string;
}

/** The part of a vote that a caller gives. Default: all ranks in one communicator, in their order. */
export interface Wish {
  readonly color?: Vote["color"] | undefined;
  readonly key?: number | undefined;
  readonly same?: string | undefined;
}

/** A communicator that will be made: its number, and its ranks in their new order. */
export interface Formed {
  readonly context: number;
  readonly ranks: readonly number[];
}

/** Numbers from here on belong to ranks that were spawned. */
const spawnedNumbers = 2 ** 31;
/** How many numbers each of those has. */
const numbersEach = 2 ** 14;

/** The first number of a rank that was spawned. The one of rank 0 of a spawned world is the number of that world. */
export function firstNumberOf(rank: number): number {
  const context = spawnedNumbers + rank * numbersEach;
  if (context >= 2 ** 32) throw new MpiError("protocol", "the job has no number left for another rank");
  return context;
}

/**
 * The next number that this rank can offer. Each rank has numbers of its own, so communicators can be made at the same time,
 * also of overlapping ranks. The offer of the first member is taken.
 *
 * ```text
 * 0                             2^31                                  2^32
 * │ n * size + rank             │ rank 4: 2^14 numbers │ rank 5 │ ...  │
 *   ranks of the first world      ranks that were spawned, whose number in the job grows
 * ```
 */
export function offer(world: Pick<World, "nextContext" | "who" | "context">): number {
  const { rank, size } = world.who;
  const count = world.nextContext++;
  const isSpawned = world.context > 0;
  const [context, end] = isSpawned
    ? [firstNumberOf(rank) + count, firstNumberOf(rank) + numbersEach]
    : [count * size + rank, spawnedNumbers];
  if (context >= end) throw new MpiError("protocol", "this rank has no number left for another communicator");
  return context;
}

/** The communicator that rank `me` gets by these votes, one for each rank. */
export function form(votes: readonly Vote[], me: number): Formed | null {
  const other = votes.findIndex((vote) => vote.same !== votes[0]?.same);
  if (other > 0) {
    throw new MpiError("mismatch", `rank 0 says ${votes[0]?.same}, rank ${other} says ${votes[other]?.same}`);
  }
  const { color } = votes[me] as Vote;
  if (color === null) return null;
  const mine = votes.flatMap((vote, rank) => (vote.color === color ? [{ rank, ...vote }] : []));
  const { context } = mine[0] as Vote;
  mine.sort((a, b) => a.key - b.key || a.rank - b.rank);
  return { context, ranks: mine.map(({ rank }) => rank) };
}
