import type { RankRecording } from "../recording/recording.ts";
import type { Analysis } from "./analysis.ts";
import { type Candidate, matters } from "./candidates.ts";
import { sum } from "./rank-times.ts";
import { greatest, totals } from "./totals.ts";
import { longestWait, siteOf, worstPlace } from "./wait-places.ts";
import { atSite, bytesOf, duration, percent } from "./words.ts";

/** In a shorter run, compiling and the first collections are most of what is seen. */
const shortestRunMs = 1000;
/** A growth below this is no leak that matters. */
const leastGrowth = 256 * 2 ** 20;
/** An event loop that is late by less disturbs little. */
const leastStallMs = 50;

/** Memory that grows all the time, garbage collection, and ranks that keep senders waiting because they do not yield. */
export function resourceAdvice(analysis: Analysis): Candidate[] {
  const { recording, runMs } = analysis;
  if (runMs < shortestRunMs) return [];
  return [collection(analysis), stall(analysis), growth(recording.ranks)].filter((each) => each !== undefined);
}

function collection(analysis: Analysis): Candidate | undefined {
  const { ranks } = analysis.recording;
  const costMs = sum(ranks, ({ gc }) => gc.ms);
  if (!matters(analysis, costMs)) return undefined;
  const worst = ranks.reduce((a, b) => (b.gc.ms > a.gc.ms ? b : a));
  const life = Math.max(1, analysis.times[worst.rank]!.ms);
  const text = `Garbage collection takes ${percent(costMs / analysis.rankTimeMs)} of all ranks' time, most on rank ${worst.rank}: ${percent(worst.gc.ms / life)} of its time.`;
  return { costMs, advice: { kind: "memory", text, ranks: [worst.rank] } };
}

/** Sends that wait for a rank whose event loop is blocked by computing. */
function stall(analysis: Analysis): Candidate | undefined {
  const sends = analysis.causes.filter(({ kind, open, forRank }) => kind === "send" && !open && forRank >= 0);
  const [rank, costMs] = greatest(
    totals(
      sends,
      ({ forRank }) => forRank,
      (each) => each.ms,
    ),
  ) ?? [-1, 0];
  const { at, stallMs } = analysis.recording.ranks[rank]?.samples ?? { at: [], stallMs: [] };
  const longest = Math.max(0, ...stallMs);
  if (longest < leastStallMs || !matters(analysis, costMs)) return undefined;
  const { operation, site, ranks } = worstPlace(sends.filter(({ forRank }) => forRank === rank));
  const share = percent(costMs / analysis.rankTimeMs);
  const text = `Rank ${rank} computes up to ${duration(longest)} without an await; meanwhile ${operation}${atSite(site)} to it waits, ${share} of all ranks' time.`;
  const where = longestWait(analysis, ranks[0]!, rank);
  const until = at[[...stallMs].indexOf(longest)]!;
  const seen = where.from === undefined ? { from: until - longest, to: until } : where;
  return { costMs, advice: { kind: "stall", text, ranks: [rank, ...ranks], ...seen, ...siteOf(site) } };
}

/** A rank whose memory grows steadily and has at least doubled. It costs no time until the memory is full, so it comes last. */
function growth(ranks: readonly RankRecording[]): Candidate | undefined {
  const worst = ranks
    .flatMap((each) => growthOf(each) ?? [])
    .reduce<Growth | undefined>((a, b) => (a === undefined || b.bytes > a.bytes ? b : a), undefined);
  if (worst === undefined) return undefined;
  const text = `Rank ${worst.rank}'s memory grows all the time, by ${bytesOf(worst.bytes / (worst.ms / 60_000))} a minute, to ${bytesOf(worst.last)}.`;
  return { costMs: 0, advice: { kind: "memory", text, ranks: [worst.rank] } };
}

interface Growth {
  rank: number;
  bytes: number;
  ms: number;
  last: number;
}

function growthOf({ rank, samples: { at, rssBytes } }: RankRecording): Growth | undefined {
  if (at.length < 16) return undefined;
  const parts = Array.from({ length: 8 }, (_, part) => {
    const own = rssBytes.subarray(Math.floor((part * at.length) / 8), Math.floor(((part + 1) * at.length) / 8));
    return own.reduce((a, b) => a + b, 0) / own.length;
  });
  const [first, last] = [parts[1]!, parts[7]!];
  const steady = parts.every((mean, i) => i < 2 || mean > parts[i - 1]! + (last - first) / 24);
  if (!steady || last - first < leastGrowth || last < 2 * first) return undefined;
  return { rank, bytes: last - first, ms: ((at.at(-1)! - at[0]!) * 6) / 7, last: rssBytes.at(-1)! };
}
