import type { Analysis } from "./analysis.ts";
import type { MapRun, MapTask } from "./map-runs.ts";
import type { ReportNames } from "./names.ts";
import type { MapReport } from "./report-data.ts";
import { digits, fixed } from "./rounding.ts";

/** Longest tasks that a report names. */
const mostLongest = 20;

/** Maps and pools by their line, in the order of their first beginning. */
export function mapReports(analysis: Analysis, names: ReportNames): MapReport[] {
  const lines = byLine(analysis);
  const counts = taskCounts(analysis, lines);
  return [...lines].map(([id, maps]) => reportOf(maps, counts.get(id) ?? new Map(), names));
}

/** The tasks of all maps at the lines of these ones, exact, and how many ranks ran some. */
export function tasksOfMaps(analysis: Analysis, maps: readonly MapRun[]): { tasks: number; ms: number; ranks: number } {
  const counts = taskCounts(analysis, byLine(analysis));
  const own = [...new Set(maps.map(lineOf))].flatMap((id) => [...(counts.get(id) ?? [])]);
  const tasks = own.reduce((total, [, each]) => total + each.tasks, 0);
  const ms = own.reduce((total, [, each]) => total + each.ms, 0);
  return { tasks, ms, ranks: new Set(own.map(([rank]) => rank)).size };
}

function lineOf({ operation, site }: MapRun): string {
  return `${operation}\n${site}`;
}

function byLine({ waits }: Analysis): Map<string, MapRun[]> {
  const lines = new Map<string, MapRun[]>();
  for (const map of waits.maps) {
    const known = lines.get(lineOf(map));
    if (known === undefined) lines.set(lineOf(map), [map]);
    else known.push(map);
  }
  return lines;
}

/** Tasks and their time, exact, by line of the map and rank. */
type TaskCounts = Map<string, Map<number, { tasks: number; ms: number }>>;

function taskCounts({ recording, waits }: Analysis, lines: ReadonlyMap<string, readonly MapRun[]>): TaskCounts {
  const counts: TaskCounts = new Map();
  const bySite = new Map([...lines.keys()].map((id) => [id.split("\n")[1]!, id]));
  const byTask = linesOfRows(lines, waits.ranks);
  for (const { rank, sums, sites } of recording.ranks) {
    for (const [row, { operation, site, calls, ms }] of sums.entries()) {
      if (operation !== "task") continue;
      const id = byTask.get(`${rank} ${row}`) ?? bySite.get(sites[site] ?? "") ?? [...lines.keys()][0];
      if (id === undefined) continue;
      const ranks = counts.get(id) ?? new Map<number, { tasks: number; ms: number }>();
      counts.set(id, ranks);
      const known = ranks.get(rank) ?? { tasks: 0, ms: 0 };
      ranks.set(rank, { tasks: known.tasks + calls, ms: known.ms + ms });
    }
  }
  return counts;
}

/** The map's line of each row of tasks: that of the map within which its first task ran. */
function linesOfRows(
  lines: ReadonlyMap<string, readonly MapRun[]>,
  ranks: Analysis["waits"]["ranks"],
): Map<string, string> {
  const found = new Map<string, string>();
  for (const [id, maps] of lines) {
    for (const { rank, event } of maps.flatMap(tasksOf)) {
      const row = `${rank} ${ranks[rank]!.recording.events.sums[event]}`;
      if (!found.has(row)) found.set(row, id);
    }
  }
  return found;
}

function tasksOf({ members }: MapRun): MapTask[] {
  return members.flatMap(({ tasks }) => tasks);
}

function reportOf(
  maps: readonly MapRun[],
  counts: NonNullable<ReturnType<TaskCounts["get"]>>,
  names: ReportNames,
): MapReport {
  const members = maps.flatMap((map) => map.members);
  const tasks = maps.flatMap(tasksOf);
  const all = [...counts.values()].reduce((sum, each) => sum + each.tasks, 0);
  const scaled = (count: number): number => Math.round((count * all) / Math.max(1, tasks.length));
  const longest = [...tasks].sort((a, b) => b.end - b.began - (a.end - a.began)).slice(0, mostLongest);
  return {
    operation: names.operations.indexOf(maps[0]!.operation),
    site: names.sites.indexOf(maps[0]!.site),
    tasks: all,
    beganAt: fixed(
      members.reduce((first, { began }) => Math.min(first, began), Number.POSITIVE_INFINITY),
      3,
    ),
    endedAt: fixed(
      members.reduce((last, { end }) => Math.max(last, end), 0),
      3,
    ),
    perRank: [...counts]
      .map(([rank, each]): [number, number, number] => [rank, each.tasks, digits(each.ms)])
      .sort((a, b) => a[0] - b[0]),
    durations: histogram(tasks, all),
    longest: longest.map(({ input, rank, began, end }) => [input, rank, fixed(began, 3), digits(end - began)]),
    retries: scaled(tasks.filter(({ retry }) => retry > 0).length),
    failures: scaled(tasks.filter(({ failed }) => failed).length),
  };
}

/** Tasks by duration, scaled to all tasks where only some are kept. */
function histogram(tasks: readonly MapTask[], all: number): [number, number][] {
  const counts = new Map<number, number>();
  for (const { began, end } of tasks) {
    const bound = 2 ** Math.ceil(Math.log2(Math.max(end - began, 2 ** -10)));
    counts.set(bound, (counts.get(bound) ?? 0) + 1);
  }
  const scale = all / Math.max(1, tasks.length);
  return [...counts].sort((a, b) => a[0] - b[0]).map(([bound, count]) => [bound, Math.round(count * scale)]);
}
