import type { RunRecording } from "../recording/recording.ts";
import { columns } from "../reports/table.ts";
import { type Analysis, analyse } from "./analysis.ts";
import { commandsNote } from "./command-lines.ts";
import { sum } from "./rank-times.ts";
import type { ScalingRow } from "./report-data.ts";
import { digits, fixed } from "./rounding.ts";
import { duration, percent } from "./words.ts";

/** One of the runs that are compared. */
export interface NamedRecording {
  /** What the row is called: the file, or the command line. */
  name: string;
  recording: RunRecording;
}

/** How a program scales: a row for each of its runs, fewest ranks first. The first row is what the others are compared with. */
export function scalingOf(runs: readonly NamedRecording[]): ScalingRow[] {
  const ordered = runs
    .map(({ name, recording }) => ({ name, analysis: analyse(recording) }))
    .sort((a, b) => joined(a.analysis) - joined(b.analysis));
  const first = ordered[0]?.analysis;
  return first === undefined ? [] : ordered.map(({ name, analysis }) => rowOf(name, analysis, first));
}

/**
 * The rows as lines for a terminal.
 *
 * @param recordings those that the rows are of: if their command lines differ, the first line says so
 */
export function scalingTable(rows: readonly ScalingRow[], recordings: readonly RunRecording[] = []): string {
  const head = ["run", "ranks", "time", "speedup", "parallel", "balance", "communication", "computation", "global"];
  const lines = rows.map((row) => [
    row.name,
    String(row.ranks),
    duration(row.ms),
    row.speedup.toFixed(2),
    ...[row.parallel, row.loadBalance, row.communication, row.computationScaling, row.globalEfficiency].map(percent),
  ]);
  return `${commandsNote(recordings)}${columns([head, ...lines])}`;
}

function rowOf(name: string, analysis: Analysis, first: Analysis): ScalingRow {
  const { phase: _, ms, ...efficiency } = analysis.efficiency[0]!;
  const computationScaling = ratio(computing(first), computing(analysis));
  const shares = Object.entries(efficiency).map(([share, value]) => [share, fixed(value, 4)]);
  return {
    ...(Object.fromEntries(shares) as typeof efficiency),
    name,
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
