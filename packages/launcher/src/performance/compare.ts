import { columns } from "../reports/table.ts";
import type { ReportData } from "./report-data.ts";
import { bytesOf, duration, grouped, percent } from "./words.ts";

/** One number of two runs. */
export interface ComparedRow {
  /** "time", "load balance", "allreduce at solver.ts:88 in solve". */
  what: string;
  unit: "ms" | "share" | "bytes" | "calls";
  before: number;
  after: number;
}

/** Differences below this are not worth a line: time of all ranks in calls, as a share of the ranks' time. */
const leastShare = 0.001;
const mostCalls = 20;

/** What changed from one run to another: the run as a whole, then call by call, the largest change of time first. */
export function compare(before: ReportData, after: ReportData): ComparedRow[] {
  return [...wholeRun(before, after), ...calls(before, after)];
}

/** The rows as a table. */
export function comparisonTable(rows: readonly ComparedRow[]): string {
  const lines = rows.map(({ what, unit, before, after }) => [
    what,
    text(before, unit),
    text(after, unit),
    change(before, after, unit),
  ]);
  return columns([["", "before", "after", "change"], ...lines]);
}

function wholeRun(before: ReportData, after: ReportData): ComparedRow[] {
  const row = (what: string, unit: ComparedRow["unit"], of: (data: ReportData) => number): ComparedRow => {
    return { what, unit, before: of(before), after: of(after) };
  };
  return [
    row("time", "ms", ({ ending }) => ending.ms),
    row("ranks", "calls", ({ ranks }) => ranks.length),
    row("efficiency", "share", ({ efficiency }) => efficiency[0]?.parallel ?? 1),
    row("load balance", "share", ({ efficiency }) => efficiency[0]?.loadBalance ?? 1),
    row("communication", "share", ({ efficiency }) => efficiency[0]?.communication ?? 1),
    row("computing, all ranks", "ms", ({ balance }) => total(balance.map(({ computingMs }) => computingMs))),
    row("waiting, all ranks", "ms", ({ balance }) => total(balance.map(({ waitingMs }) => waitingMs))),
    row("messages", "calls", ({ traffic }) => total(traffic.map((each) => each[2] + each[4]))),
    row("sent", "bytes", ({ traffic }) => total(traffic.map((each) => each[3] + each[5]))),
    row(
      "memory, largest rank",
      "bytes",
      ({ resources }) => Math.max(0, ...resources.flatMap(({ rss }) => rss)) * 2 ** 20,
    ),
  ];
}

function calls(before: ReportData, after: ReportData): ComparedRow[] {
  const [old, now] = [timesOf(before), timesOf(after)];
  const rows = [...new Set([...old.keys(), ...now.keys()])].map((what): ComparedRow => {
    return { what, unit: "ms", before: old.get(what) ?? 0, after: now.get(what) ?? 0 };
  });
  const least = leastShare * Math.max(lifeOf(before), lifeOf(after));
  const size = (row: ComparedRow): number => Math.abs(row.after - row.before);
  return rows
    .filter((row) => size(row) > least)
    .sort((a, b) => size(b) - size(a))
    .slice(0, mostCalls);
}

/** Time of all ranks by call. Lines are compared by their text, so a line that moved is another one. */
function timesOf({ calls: rows, operations, sites, phases }: ReportData): Map<string, number> {
  const times = new Map<string, number>();
  for (const { operation, site, phase, ms } of rows) {
    const at = sites[site] === "" ? "" : ` at ${sites[site]}`;
    const within = phases[phase] === "" ? "" : ` in ${phases[phase]}`;
    const what = `${operations[operation]}${at}${within}`;
    times.set(what, (times.get(what) ?? 0) + ms);
  }
  return times;
}

function lifeOf({ balance }: ReportData): number {
  return total(balance.map((row) => row.computingMs + row.waitingMs + row.transferMs));
}

function total(numbers: readonly number[]): number {
  return numbers.reduce((a, b) => a + b, 0);
}

function text(value: number, unit: ComparedRow["unit"]): string {
  if (unit === "ms") return duration(value);
  if (unit === "share") return percent(value);
  return unit === "bytes" ? bytesOf(value) : grouped(value);
}

/** "-12 %", "+3 points", "new", "gone". */
function change(before: number, after: number, unit: ComparedRow["unit"]): string {
  if (unit === "share") {
    const points = Math.round((after - before) * 100);
    return points === 0 ? "" : `${points > 0 ? "+" : ""}${points} points`;
  }
  if (before === after) return "";
  if (before === 0) return "new";
  if (after === 0) return "gone";
  const percents = Math.round((after / before - 1) * 100);
  return percents === 0 ? "" : `${percents > 0 ? "+" : ""}${percents} %`;
}
