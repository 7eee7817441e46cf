import type { RunRecording } from "../recording/recording.ts";
import { columns } from "../reports/table.ts";
import { type Analysis, analyse } from "./analysis.ts";
import { sum } from "./rank-times.ts";
import type { ScalingRow } from "./report-data.ts";
import { digits, fixed } from "./rounding.ts";
import { duration, percent, trimmed } from "./words.ts";

/** How a program scales: a row for each of its runs, fewest ranks first. The first row is what the others are compared with. */
export function scalingOf(recordings: readonly RunRecording[]): ScalingRow[] {
  const ordered = recordings.map(analyse).sort((a, b) => joined(a) - joined(b));
  return ordered.map((analysis) => rowOf(analysis, ordered[0]!));
}

/** The rows for a terminal. */
export function scalingTable(rows: readonly ScalingRow[]): string[] {
  const title = [
    "ranks",
    "time",
    "speedup",
    "efficiency",
    "= parallel",
    "x computation",
    "load balance",
    "communication",
  ];
  const lines = rows.map((row) => [
    `${row.ranks}`,
    duration(row.ms),
    trimmed(row.speedup, 2),
    percent(row.globalEfficiency),
    percent(row.parallel),
    percent(row.computationScaling),
    percent(row.loadBalance),
    percent(row.communication),
  ]);
  return columns([title, ...lines]).split("\n");
}

function rowOf(analysis: Analysis, first: Analysis): ScalingRow {
  const { phase: _, ms, ...efficiency } = analysis.efficiency[0]!;
  const computationScaling = ratio(computing(first), computing(analysis));
  const shares = Object.entries(efficiency).map(([share, value]) => [share, fixed(value, 4)]);
  return {
    ...(Object.fromEntries(shares) as typeof efficiency),
    name: analysis.recording.about.command,
    ms: digits(ms),
    ranks: joined(analysis),
    computationScaling: fixed(computationScaling, 4),
    globalEfficiency: fixed(efficiency.parallel * computationScaling, 4),
    speedup: fixed(ratio(first.efficiency[0]!.ms, ms), 3),
  };
}

function joined({ times }: Analysis): number {
  return times.filter((each) => each.joined).length;
}

function computing({ times }: Analysis): number {
  return sum(times, ({ computingMs }) => computingMs);
}

/** 1 where there is nothing to compare. */
function ratio(before: number, after: number): number {
  return before > 0 && after > 0 ? before / after : 1;
}
