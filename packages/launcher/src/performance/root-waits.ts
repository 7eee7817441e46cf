import type { Analysis, WaitCause } from "./analysis.ts";
import { type Candidate, matters } from "./candidates.ts";
import { sum } from "./rank-times.ts";
import { greatest, totals } from "./totals.ts";
import { longestWait, siteOf, worstPlace } from "./wait-places.ts";
import { atSite, duration, percent, ranksFirst } from "./words.ts";

/**
 * A rank that serves all others and cannot keep up: they wait for its messages in a star, for its part of rooted collectives,
 * or for it to hand out tasks.
 */
export function findRoot(analysis: Analysis, causes: readonly WaitCause[]): Candidate | undefined {
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
  if (sum(served, (each) => each.ms) < 0.6 * ms) return undefined;
  if (waiting.size < Math.max(2, ((analysis.times.length - 1) * 2) / 3)) return undefined;
  return { costMs: ms, advice: adviceFor(analysis, root, served) };
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

function adviceFor(analysis: Analysis, root: number, served: readonly WaitCause[]): Candidate["advice"] {
  const { operation, site, ranks } = worstPlace(served);
  const { kind } = served.find((each) => each.operation === operation && each.site === site)!;
  const life = sum(ranks, (rank) => analysis.times[rank]!.ms);
  const ms = sum(served, (each) => (ranks.includes(each.rank) ? each.ms : 0));
  const share = percent(ms / life);
  const start = `${ranksFirst(ranks)} ${ranks.length === 1 ? "waits" : "wait"} ${share} of the time for rank ${root}`;
  const text = `${start} in ${operation}${atSite(site)}: ${reason(analysis, kind, root)}.`;
  return { kind: "root", text, ranks: [root, ...ranks], ...longestWait(analysis, ranks[0]!, root), ...siteOf(site) };
}

function reason({ recording }: Analysis, kind: WaitCause["kind"], root: number): string {
  if (kind === "from-root") return `what rank ${root} does before it, no other rank does meanwhile`;
  if (kind !== "map") return `rank ${root} serves one rank after the other`;
  const tasks = recording.ranks.flatMap(({ sums }) => sums.filter(({ operation }) => operation === "task"));
  const mean =
    sum(tasks, ({ ms }) => ms) /
    Math.max(
      1,
      sum(tasks, ({ calls }) => calls),
    );
  return `it hands out tasks of ${duration(mean)} on average; larger tasks would keep the ranks busy`;
}
