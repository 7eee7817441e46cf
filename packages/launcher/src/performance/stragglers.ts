import type { Analysis } from "./analysis.ts";
import { type Candidate, matters } from "./candidates.ts";
import { beganAt, type MapRun, type MapTask } from "./map-runs.ts";
import { sum } from "./rank-times.ts";
import { atSite, duration, percent } from "./words.ts";

/** The end of a map, when only one rank has tasks. */
export interface Straggler {
  map: MapRun;
  rank: number;
  from: number;
  to: number;
  /** What runs in this time. */
  tasks: MapTask[];
  /** Time that the other ranks waited. */
  costMs: number;
}

/** The maps that end with one rank's tasks, while all others wait; only those that matter. */
export function stragglersOf(analysis: Analysis): Straggler[] {
  const found = analysis.waits.maps.flatMap((map) => endOf(map) ?? []);
  return found.filter(({ costMs }) => matters(analysis, costMs)).sort((a, b) => b.costMs - a.costMs);
}

/** One candidate for each line with a map; the text is of the worst one. */
export function stragglerAdvice(stragglers: readonly Straggler[]): Candidate[] {
  const sites = [...new Set(stragglers.map(({ map }) => map.site))];
  return sites.map((site) => {
    const here = stragglers.filter(({ map }) => map.site === site);
    return { costMs: sum(here, ({ costMs }) => costMs), advice: adviceFor(here[0]!) };
  });
}

function adviceFor({ map, rank, from, to, tasks }: Straggler): Candidate["advice"] {
  const [only] = tasks;
  const what =
    tasks.length === 1
      ? `one task, input ${only!.input}, on rank ${rank}`
      : `${tasks.length} tasks on rank ${rank} alone`;
  const share = percent((to - from) / Math.max(to - beganAt(map), 1e-9));
  const longest = tasks.length === 1 && only!.began < from - (to - from) ? "start it first or divide it" : "divide it";
  const hint = tasks.length === 1 ? longest : "give ranks fewer tasks at a time";
  return {
    kind: "straggler",
    text: `The last ${duration(to - from)} of the ${map.operation}${atSite(map.site)}, ${share} of it, are ${what}, while the other ranks wait: ${hint}.`,
    ranks: [rank],
    from,
    to,
    ...(map.site !== "" && { site: map.site }),
  };
}

function endOf(map: MapRun): Straggler | undefined {
  const { last, members } = map;
  const others = members.filter(
    (member) => member.rank !== last?.rank && (member.tasks.length > 0 || member.rank !== map.root),
  );
  if (last === undefined || others.length === 0) return undefined;
  const from = Math.max(
    ...others.map(({ tasks, began }) => tasks.reduce((latest, { end }) => Math.max(latest, end), began)),
  );
  const to = last.end;
  const own = members.find(({ rank }) => rank === last.rank)!.tasks;
  const costMs = Math.max(0, to - from) * others.length;
  return { map, rank: last.rank, from, to, tasks: own.filter(({ end }) => end > from), costMs };
}
