import type { Analysis, WaitCause } from "./analysis.ts";
import type { MapRun } from "./map-runs.ts";
import { sum } from "./rank-times.ts";
import type { Advice } from "./report-data.ts";
import { longestWait, siteOf, worstPlace } from "./wait-places.ts";
import { atSite, duration, percent, ranksFirst, ranksNamed } from "./words.ts";

/** The maps and pools of a line. Where the line is not known, all of the operation. */
export function mapsAt({ waits }: Analysis, operation: string, site: string): MapRun[] {
  const maps = waits.maps.filter((map) => map.operation === operation);
  const own = maps.filter((map) => map.site === site);
  return own.length > 0 ? own : maps;
}

/**
 * Advice where ranks wait for the one that hands out tasks because it calls the map later than they do; undefined if they wait
 * for another reason.
 *
 * @param served the waiting of other ranks for it
 */
export function lateToMap(analysis: Analysis, root: number, served: readonly WaitCause[]): Advice | undefined {
  const { operation, site, ranks } = worstPlace(served);
  const own = served.filter((each) => each.operation === operation && each.site === site);
  if (own[0]?.kind !== "map") return undefined;
  const maps = mapsAt(analysis, operation, site);
  const late = maps.flatMap((map) => latenessIn(map, root, ranks, analysis.times[root]?.joinedAt ?? 0));
  const lateMs = sum(late, (ms) => ms);
  if (lateMs < sum(own, ({ ms }) => ms) / 2 || late.length === 0) return undefined;
  const mean = duration(lateMs / late.length);
  const what = maps.length === 1 ? `the ${operation}` : `each of ${maps.length} ${operation}s`;
  const verb = ranks.length === 1 ? "waits" : "wait";
  const share = percent(lateMs / analysis.rankTimeMs);
  const text = `${ranksFirst([root])} comes ${mean} late to ${what}${atSite(site)}: ${ranksNamed(ranks)} ${verb} for it, ${share} of all ranks' time.`;
  return {
    kind: "late-rank",
    text,
    ranks: [root, ...ranks],
    ...longestWait(analysis, ranks[0]!, root),
    ...siteOf(site),
  };
}

/** How much later than each of the ranks the root called the map. What it is late because it started late is left out. */
function latenessIn({ members }: MapRun, root: number, ranks: readonly number[], joinedAt: number): number[] {
  const start = members.find(({ rank }) => rank === root)?.began;
  if (start === undefined) return [];
  const waiting = members.filter(({ rank }) => rank !== root && ranks.includes(rank));
  return waiting.map(({ began }) => Math.max(0, start - Math.max(began, joinedAt)));
}
