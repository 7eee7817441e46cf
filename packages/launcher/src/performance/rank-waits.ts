import { msAt, type RankEvents } from "./event-lists.ts";

/** How long each event of a rank waited, and for which rank. */
export interface RankWaits {
  /** By event. NaN: not known, because the other end is not in the recording. */
  ms: Float64Array;
  /** By event: the rank that it waited for, for the longest time; -1: none, or not known which. */
  forRank: Int32Array;
  /** Of events that waited for several ranks: all of them. */
  several: { event: number; forRank: number; ms: number }[];
}

/** Nothing waits, until something is found. */
export function noWaits({ length }: RankEvents): RankWaits {
  return { ms: new Float64Array(length), forRank: new Int32Array(length).fill(-1), several: [] };
}

/** What a call waited for: a rank, until a time. */
export interface Until {
  time: number;
  rank: number;
}

/** For calls whose other end is not in the recording. */
export const unknown: Until = { time: Number.NaN, rank: -1 };

/** Notes what event `i` waited for, from its beginning on; undefined: nothing. It waits at most for its own duration. */
export function noteWait(waits: RankWaits, own: RankEvents, i: number, until: Until | undefined): void {
  // A message to oneself waits for no other rank.
  if (until === undefined || until.rank === own.rank) return;
  const duration = msAt(own, i);
  const ms = Math.min(until.time - own.recording.events.began[i]!, duration);
  if (Number.isNaN(ms)) waits.ms[i] = duration > 0 ? ms : 0;
  if (!(ms > 0)) return;
  waits.ms[i] = ms;
  waits.forRank[i] = until.rank;
}
