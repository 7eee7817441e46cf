import type { Analysis, WaitCause } from "./analysis.ts";
import { type Candidate, matters } from "./candidates.ts";
import { hasSharedCpus } from "./crowding.ts";
import { tasksOfMaps } from "./map-report.ts";
import type { MapRun } from "./map-runs.ts";
import { lateToMap, mapsAt } from "./map-starts.ts";
import { sum } from "./rank-times.ts";
import { greatest, totals } from "./totals.ts";
import { longestWait, siteOf, worstPlace } from "./wait-places.ts";
import { atSite, duration, percent, ranksFirst, trimmed } from "./words.ts";

/** Tasks of a map for each of its ranks, below which handing them out costs little. */
const leastTasks = 20;

/**
 * A rank that serves all others and cannot keep up: they wait for its messages in a star, for its part of rooted collectives,
 * or for it to hand out tasks.
 *
 * @param heavy the advice on ranks that compute longer than the others
 */
export function findRoot(
  analysis: Analysis,
  causes: readonly WaitCause[],
  heavy: Candidate | undefined,
): Candidate | undefined {
  const known = causes.filter(({ forRank }) => forRank >= 0);
  const [root, ms] = greatest(
    totals(
      known,
      ({ forRank }) => forRank,
      (each) => each.ms,
    ),
  ) ?? [-1, 0];
  if (!matters(analysis, ms) || ms < sum(causes, (each) => each.ms) / 2) return undefined;
  const star = isStar(analysis, root);
  const own = known.filter(({ forRank }) => forRank === root);
  const served = own.filter(({ kind }) => kind === "from-root" || kind === "map" || (star && isMessage(kind)));
  const waiting = new Set(served.map(({ rank }) => rank));
  const isHeavy = heavy?.advice.ranks.includes(root) === true;
  // Others wait everywhere for a rank that computes longer: then that is the matter, and not what it does as the root.
  if (sum(served, (each) => each.ms) < (isHeavy ? 0.85 : 0.6) * ms) return undefined;
  // The root itself may have been late because of such a rank.
  if (heavy !== undefined && !isHeavy && heavy.costMs >= 0.6 * sum(causes, (each) => each.ms)) return undefined;
  if (waiting.size < Math.max(2, ((analysis.times.length - 1) * 2) / 3)) return undefined;
  const advice = lateToMap(analysis, root, served) ?? adviceFor(analysis, root, served);
  return advice && { costMs: ms, advice };
}

function isMessage(kind: WaitCause["kind"]): boolean {
  return kind === "send" || kind === "receive";
}

/** Whether most messages of the program are from it or to it. */
function isStar({ recording: { ranks } }: Analysis, root: number): boolean {
  if (ranks.length < 4) return false;
  const all = sum(ranks, ({ sent }) => sum(sent, ({ messages }) => messages));
  const own = sum(ranks, ({ rank, sent }) => sum(sent, (to) => (rank === root || to.rank === root ? to.messages : 0)));
  return own >= 0.8 * all;
}

function adviceFor(analysis: Analysis, root: number, served: readonly WaitCause[]): Candidate["advice"] | undefined {
  const { operation, site, ranks } = worstPlace(served);
  const { kind } = served.find((each) => each.operation === operation && each.site === site)!;
  const why = reason(analysis, kind, root, mapsAt(analysis, operation, site));
  if (why === undefined) return undefined;
  const ms = sum(served, (each) => (ranks.includes(each.rank) ? each.ms : 0));
  const share = percent(ms / analysis.rankTimeMs);
  const start = `${ranksFirst(ranks)} ${ranks.length === 1 ? "waits" : "wait"} ${share} of all ranks' time for rank ${root}`;
  const text = `${start} in ${operation}${atSite(site)}: ${why}.`;
  return { kind: "root", text, ranks: [root, ...ranks], ...longestWait(analysis, ranks[0]!, root), ...siteOf(site) };
}

/** Why they wait for it; undefined if it is not known. */
function reason(
  analysis: Analysis,
  kind: WaitCause["kind"],
  root: number,
  maps: readonly MapRun[],
): string | undefined {
  if (kind === "map") return reasonInMap(analysis, maps);
  if (kind !== "from-root") return `rank ${root} serves one rank after the other`;
  const joined = analysis.times.filter((each) => each.joined);
  const mean = sum(joined, ({ computingMs }) => computingMs) / joined.length;
  const factor = analysis.times[root]!.computingMs / Math.max(mean, 1e-9);
  return factor >= 1.15 && !hasSharedCpus(analysis.recording)
    ? `rank ${root} computes ${trimmed(factor, 1)} times as long as the mean`
    : `what rank ${root} does before it, no other rank does meanwhile`;
}

/** Only where each rank gets many tasks does handing them out cost much. */
function reasonInMap(analysis: Analysis, maps: readonly MapRun[]): string | undefined {
  const { tasks, ms, ranks } = tasksOfMaps(analysis, maps);
  if (tasks < leastTasks * ranks * maps.length || tasks === 0) return undefined;
  return `it hands out tasks of ${duration(ms / tasks)} on average; larger tasks would keep the ranks busy`;
}
