import type { Analysis } from "./analysis.ts";
import { type Candidate, matters } from "./candidates.ts";
import { beganAt, type MapRun, type MapTask } from "./map-runs.ts";
import { sum } from "./rank-times.ts";
import { siteOf } from "./wait-places.ts";
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

/** Of a line with many maps: below this share of all ranks' time, no word. Some time at the end of each is unavoidable. */
const leastOfMany = 0.1;

/** The maps of a line that end with one rank's tasks, while all others wait. The worst one is the first. */
export type LineStragglers = readonly [Straggler, ...Straggler[]];

/** By line, those that matter. */
export function stragglersOf(analysis: Analysis): LineStragglers[] {
  const lines = new Map<string, [Straggler, ...Straggler[]]>();
  const found = analysis.waits.maps.flatMap((map) => endOf(map) ?? []).sort((a, b) => b.costMs - a.costMs);
  for (const each of found) {
    const line = lines.get(each.map.site);
    if (line === undefined) lines.set(each.map.site, [each]);
    else line.push(each);
  }
  return [...lines.values()].filter((line) => {
    const costMs = costOf(line);
    return matters(analysis, costMs) && (!isMany(line) || costMs >= leastOfMany * analysis.rankTimeMs);
  });
}

export function stragglerAdvice(analysis: Analysis, line: LineStragglers): Candidate {
  const costMs = costOf(line);
  return { costMs, advice: isMany(line) ? adviceForMany(analysis, line, costMs) : adviceFor(line[0]) };
}

function costOf(line: LineStragglers): number {
  return sum(line, ({ costMs }) => costMs);
}

/** Whether the time is lost in many maps, and not in one of them. */
function isMany(line: LineStragglers): boolean {
  return line[0].costMs < costOf(line) / 2;
}

function adviceFor({ map, rank, from, to, tasks }: Straggler): Candidate["advice"] {
  const share = percent((to - from) / Math.max(to - beganAt(map), 1e-9));
  const end = `The last ${duration(to - from)} of the ${map.operation}${atSite(map.site)}, ${share} of it`;
  const [only] = tasks;
  const isOne = tasks.length === 1;
  const what = isOne
    ? `one task, input ${only!.input}, on rank ${rank}`
    : `${tasks.length} tasks on rank ${rank} alone`;
  const text = `${end}, are ${what}, while the other ranks wait: ${isOne ? hintFor(map, only!, to - from) : "smaller chunks of tasks would end together"}.`;
  return { kind: "straggler", text, ranks: [rank], from, to, ...siteOf(map.site) };
}

/** Started first, a task ends earlier by as much as it began late. */
function hintFor(map: MapRun, { began }: MapTask, lostMs: number): string {
  const isLate = began - beganAt(map) > 0.3 * lostMs;
  return isLate ? "start it first, or divide it" : "divide it";
}

function adviceForMany(analysis: Analysis, line: LineStragglers, costMs: number): Candidate["advice"] {
  const [{ map, rank, from, to }] = line;
  const share = percent(costMs / analysis.rankTimeMs);
  const text = `${share} of all ranks' time is lost at the ends of the ${line.length} ${map.operation}s${atSite(map.site)}, when one rank still has tasks and the others wait: more and smaller tasks would end together.`;
  return { kind: "straggler", text, ranks: [rank], from, to, ...siteOf(map.site) };
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
