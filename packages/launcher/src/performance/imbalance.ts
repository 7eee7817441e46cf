import type { Analysis, WaitCause } from "./analysis.ts";
import { type Candidate, matters } from "./candidates.ts";
import { sum } from "./rank-times.ts";
import type { Straggler } from "./stragglers.ts";
import { longestWait, siteOf, worstPlace } from "./wait-places.ts";
import { atSite, percent, ranksFirst, trimmed } from "./words.ts";

/** A rank computes longer if it computes this much longer than the mean. */
const leastFactor = 1.15;

/** Ranks that compute longer than the others, or a few that compute less. The end of a map is the stragglers' matter. */
export function findImbalance(
  analysis: Analysis,
  causes: readonly WaitCause[],
  stragglers: readonly Straggler[],
): Candidate | undefined {
  const joined = analysis.times.filter((each) => each.joined);
  const computing = joined.map(({ rank, computingMs }) => ({
    rank,
    ms: computingMs - sum(stragglers, (each) => (each.rank === rank ? each.to - each.from : 0)),
  }));
  const mean = sum(computing, ({ ms }) => ms) / Math.max(1, computing.length);
  const longest = computing.reduce((most, { ms }) => Math.max(most, ms), 0);
  const costMs = (longest - mean) * computing.length;
  if (longest < leastFactor * mean || !matters(analysis, costMs)) return undefined;
  const heavy = computing.filter(({ ms }) => ms >= (mean + longest) / 2).map(({ rank }) => rank);
  const few = heavy.length <= computing.length / 2;
  const light = computing.filter(({ ms }) => ms < mean - (longest - mean)).map(({ rank }) => rank);
  if (few) return { costMs, advice: heavyAdvice(analysis, causes, heavy, longest / mean, longest - mean) };
  if (light.length === 0 || light.some((rank) => handsOut(analysis, rank))) return undefined;
  return { costMs, advice: lightAdvice(analysis, causes, light, costMs) };
}

/** Whether it only hands out tasks, so that others compute. */
function handsOut({ waits }: Analysis, rank: number): boolean {
  return waits.maps.some(({ root, members }) => root === rank && members.some((each) => each.rank === rank));
}

function heavyAdvice(
  analysis: Analysis,
  causes: readonly WaitCause[],
  heavy: readonly number[],
  factor: number,
  lostMs: number,
): Candidate["advice"] {
  const own = causes.filter(({ forRank, rank }) => heavy.includes(forRank) && !heavy.includes(rank));
  const verb = heavy.length === 1 ? "computes" : "compute";
  const lost = percent(lostMs / analysis.runMs);
  const text = `${ranksFirst(heavy)} ${verb} ${trimmed(factor, 1)} times as long as the mean; ${lost} of the run is lost to it`;
  return finish(analysis, own.length > 0 ? own : causes, heavy, text);
}

function lightAdvice(
  analysis: Analysis,
  causes: readonly WaitCause[],
  light: readonly number[],
  costMs: number,
): Candidate["advice"] {
  const own = causes.filter(({ rank }) => light.includes(rank));
  const verb = light.length === 1 ? "computes" : "compute";
  const lost = percent(costMs / analysis.rankTimeMs);
  const text = `${ranksFirst(light)} ${verb} much less than the others; ${lost} of the ranks' time is lost to it`;
  return finish(analysis, own, light, text);
}

function finish(
  analysis: Analysis,
  causes: readonly WaitCause[],
  ranks: number[] | readonly number[],
  text: string,
): Candidate["advice"] {
  const advice = { kind: "imbalance" as const, ranks: [...ranks] };
  if (causes.length === 0) return { ...advice, text: `${text}.` };
  const place = worstPlace(causes);
  const where = `${text}: ${ranks.includes(place.ranks[0]!) ? "they wait" : "the others wait"} in ${place.operation}${atSite(place.site)}.`;
  const forRank = causes.find(({ rank }) => rank === place.ranks[0])!.forRank;
  return { ...advice, text: where, ...longestWait(analysis, place.ranks[0]!, forRank), ...siteOf(place.site) };
}
