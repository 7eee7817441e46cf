import type { RunRecording } from "../recording/recording.ts";
import { columns } from "../reports/table.ts";
import { type Analysis, analyse } from "./analysis.ts";
import { commandsNote } from "./command-lines.ts";
import { sum } from "./rank-times.ts";
import { totals } from "./totals.ts";
import { atSite, bytesOf, duration, grouped, percent } from "./words.ts";

/** One number of two runs. */
export interface ComparedRow {
  /** "time", "load balance", "allreduce at solver.ts:88 in solve". */
  what: string;
  unit: "ms" | "share" | "bytes" | "count";
  before: number;
  after: number;
}

/** Differences below this share of the ranks' time are not worth a line. */
const leastShare = 0.001;
const mostCalls = 20;

/** What changed from one run to another: the run as a whole, then call by call, the largest change of time first. */
export function compare(before: RunRecording, after: RunRecording): ComparedRow[] {
  const [old, now] = [analyse(before), analyse(after)];
  return [...wholeRun(old, now), ...calls(old, now)];
}

/**
 * The rows as lines for a terminal.
 *
 * @param recordings those that are compared: if their command lines differ, the first line says so
 */
export function comparisonTable(rows: readonly ComparedRow[], recordings: readonly RunRecording[] = []): string {
  const lines = rows.map(({ what, unit, before, after }) => [
    what,
    text(before, unit),
    text(after, unit),
    change(before, after, unit),
  ]);
  return `${commandsNote(recordings)}${columns([["", "before", "after", "change"], ...lines])}`;
}

function wholeRun(before: Analysis, after: Analysis): ComparedRow[] {
  const row = (what: string, unit: ComparedRow["unit"], of: (run: Analysis) => number): ComparedRow => {
    return { what, unit, before: of(before), after: of(after) };
  };
  return [
    row("time", "ms", ({ recording }) => recording.ending.ms),
    row("ranks", "count", ({ recording }) => recording.ranks.length),
    row("efficiency", "share", ({ efficiency }) => efficiency[0]!.parallel),
    row("load balance", "share", ({ efficiency }) => efficiency[0]!.loadBalance),
    row("communication", "share", ({ efficiency }) => efficiency[0]!.communication),
    row("computing, all ranks", "ms", ({ times }) => sum(times, ({ computingMs }) => computingMs)),
    row("waiting, all ranks", "ms", ({ times }) => sum(times, ({ waitingMs }) => waitingMs)),
    row("messages", "count", (run) => sentBy(run, (to) => to.messages + to.innerMessages)),
    row("sent", "bytes", (run) => sentBy(run, (to) => to.bytes + to.innerBytes)),
    row("memory, largest rank", "bytes", largestMemory),
  ];
}

function sentBy({ recording }: Analysis, of: (to: RunRecording["ranks"][number]["sent"][number]) => number): number {
  return sum(recording.ranks, ({ sent }) => sum(sent, of));
}

function largestMemory({ recording }: Analysis): number {
  const peaks = recording.ranks.map(({ samples }) => samples.rssBytes.reduce((a, b) => Math.max(a, b), 0));
  return peaks.reduce((a, b) => Math.max(a, b), 0);
}

function calls(before: Analysis, after: Analysis): ComparedRow[] {
  const [old, now] = [timesOf(before), timesOf(after)];
  const rows = [...new Set([...old.keys(), ...now.keys()])].map((what): ComparedRow => {
    return { what, unit: "ms", before: old.get(what) ?? 0, after: now.get(what) ?? 0 };
  });
  const least = leastShare * Math.max(before.rankTimeMs, after.rankTimeMs);
  const size = (row: ComparedRow): number => Math.abs(row.after - row.before);
  return rows
    .filter((row) => size(row) > least)
    .sort((a, b) => size(b) - size(a))
    .slice(0, mostCalls);
}

/** Time of all ranks by call. A line that moved is another one. */
function timesOf({ recording, lines }: Analysis): Map<string, number> {
  const rows = recording.ranks.flatMap(({ rank, sums, phases }) =>
    sums.map(({ operation, phase, ms }, row) => {
      const name = phases[phase]?.name ?? "";
      return { what: `${operation}${atSite(lines[rank]![row]!)}${name === "" ? "" : ` in ${name}`}`, ms };
    }),
  );
  return totals(
    rows,
    ({ what }) => what,
    ({ ms }) => ms,
  );
}

function text(value: number, unit: ComparedRow["unit"]): string {
  if (unit === "ms") return duration(value);
  if (unit === "share") return percent(value);
  return unit === "bytes" ? bytesOf(value) : grouped(value);
}

/** "-12 %", "+3 points", "new", "gone". */
function change(before: number, after: number, unit: ComparedRow["unit"]): string {
  if (unit === "share") return signed(Math.round((after - before) * 100), " points");
  if (before === after) return "";
  if (before === 0) return "new";
  return after === 0 ? "gone" : signed(Math.round((after / before - 1) * 100), " %");
}

/** Nothing for 0. */
function signed(value: number, unit: string): string {
  return value === 0 ? "" : `${value > 0 ? "+" : ""}${value}${unit}`;
}
