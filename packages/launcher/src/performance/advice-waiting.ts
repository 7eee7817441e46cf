import type { Analysis, WaitCause } from "./analysis.ts";
import { type Candidate, matters } from "./candidates.ts";
import { crowdedHosts, hasSharedCpus } from "./crowding.ts";
import { Imbalance } from "./imbalance.ts";
import { lateToMap } from "./map-starts.ts";
import { sum } from "./rank-times.ts";
import type { Advice } from "./report-data.ts";
import { findRoot } from "./root-waits.ts";
import { stragglerAdvice, stragglersOf } from "./stragglers.ts";
import { greatest, totals } from "./totals.ts";
import { longestWait, siteOf, worstPlace } from "./wait-places.ts";
import { atSite, percent, ranksFirst, ranksNamed, trimmed } from "./words.ts";

/** From here on, waiting that no single rank causes is worth a word: some of it no program can avoid. */
const leastSpread = 0.15;

/**
 * What ranks wait for. One cause explains each part of the waiting: the end of a map, a root that serves all, a rank that
 * computes longer, a rank that is late; what is left is taking turns.
 */
export function waitingAdvice(analysis: Analysis): Candidate[] {
  const stragglers = stragglersOf(analysis);
  const slow = new Set(stragglers.flat().map(({ map, rank }) => `${rank} ${map.site}`));
  const ended = analysis.delays.filter(({ open }) => !open).map((each) => ({ ...each, ms: each.ms - each.startMs }));
  const causes = ended.filter(({ kind, forRank, site }) => kind !== "map" || !slow.has(`${forRank} ${site}`));
  const found = stragglers.map((line) => stragglerAdvice(analysis, line));
  const imbalance = new Imbalance(analysis, stragglers.flat());
  const heavy = imbalance.heavy(causes);
  const root = findRoot(analysis, causes, heavy);
  if (root !== undefined) return [...found, root];
  const left = sum(causes, ({ ms }) => ms) - (heavy?.costMs ?? 0);
  const blamed = heavy?.advice.ranks ?? [];
  const rest = matters(analysis, left) ? causes.filter(({ forRank }) => !blamed.includes(forRank)) : [];
  const light = heavy === undefined ? imbalance.light(causes) : undefined;
  // A rank with little to do waits for one rank or another; only if it is nearly always the same one, that is the matter.
  const late = findLate(analysis, rest, light === undefined ? 0.5 : 0.75);
  const cause = late ?? light ?? findTurns(analysis, rest, left);
  return [...found, heavy, cause].filter((each) => each !== undefined);
}

/** A rank that others wait for, at least for this share of all waiting. */
function findLate(analysis: Analysis, causes: readonly WaitCause[], share: number): Candidate | undefined {
  const known = causes.filter(({ forRank }) => forRank >= 0);
  const [rank, ms] = greatest(
    totals(
      known,
      ({ forRank }) => forRank,
      (each) => each.ms,
    ),
  ) ?? [-1, 0];
  const all = sum(causes, (each) => each.ms);
  if (ms < Math.max(share, 1.6 / analysis.times.length) * all || !matters(analysis, ms)) return undefined;
  const own = known.filter(({ forRank }) => forRank === rank);
  return { costMs: ms, advice: lateToMap(analysis, rank, own) ?? lateAdvice(analysis, rank, own) };
}

function lateAdvice(analysis: Analysis, late: number, own: readonly WaitCause[]): Advice {
  const { operation, site, ranks: waiting, ms } = worstPlace(own);
  const [first] = waiting as [number];
  const times = waiting.map((rank) => analysis.times[rank]!);
  const all = sum(times, ({ waitingMs }) => waitingMs);
  const verb = waiting.length === 1 ? "waits" : "wait";
  const text = `${ranksFirst(waiting)} ${verb} ${percent(all / analysis.rankTimeMs)} of all ranks' time, ${partWord(ms / all)} ${isDirect(analysis, waiting, late, operation) ? "for" : "because of"} ${ranksNamed([late])} in ${operation}${atSite(site)}.`;
  return { kind: "late-rank", text, ranks: [late, ...waiting], ...longestWait(analysis, first, late), ...siteOf(site) };
}

/** Whether the ranks waited for that rank itself, and not for others that waited for it. */
function isDirect({ causes, delays }: Analysis, waiting: readonly number[], late: number, operation: string): boolean {
  const waitFor = (each: WaitCause): number =>
    waiting.includes(each.rank) && each.forRank === late && each.operation === operation ? each.ms : 0;
  return sum(causes, waitFor) >= sum(delays, waitFor) / 2;
}

function partWord(share: number): string {
  if (share >= 0.9) return "almost all of it";
  return share >= 0.55 ? "most of it" : `${percent(share)} of it`;
}

/** Ranks that wait for each other in turn. */
function findTurns(analysis: Analysis, causes: readonly WaitCause[], ms: number): Candidate | undefined {
  if (ms < leastSpread * analysis.rankTimeMs || causes.length === 0 || crowdedHosts(analysis).length > 0)
    return undefined;
  const { operation, site } = worstPlace(causes);
  const { times, rankTimeMs, runMs } = analysis;
  const computing = sum(times, ({ computingMs }) => computingMs) / runMs;
  const place = causes.find((each) => each.operation === operation && each.site === site)!;
  if (place.kind === "all" && hasSharedCpus(analysis.recording)) return undefined;
  const why =
    place.kind === "all"
      ? "each time another rank is the last, though in sum they compute about equally long"
      : `on average ${trimmed(computing, 1)} of ${times.length} ranks compute at once`;
  const share = percent(ms / rankTimeMs);
  const text = `The ranks wait for each other ${share} of all ranks' time, most in ${operation}${atSite(site)}: ${why}.`;
  return { costMs: ms, advice: { kind: "serialization", text, ranks: [], ...siteOf(site) } };
}
