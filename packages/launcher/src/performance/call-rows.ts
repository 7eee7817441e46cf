import type { Analysis } from "./analysis.ts";
import { certain, linesOf } from "./lines.ts";
import type { ReportNames } from "./names.ts";
import { sum } from "./rank-times.ts";
import type { CallRow } from "./report-data.ts";
import { digits } from "./rounding.ts";

/** Rows beyond this many are left out, those with the least time. */
const mostRows = 1000;

interface Part {
  rank: number;
  calls: number;
  ms: number;
  waitingMs: number;
  bytes: number;
  longestMs: number;
}

/** The calls of all ranks by operation, line and phase, those with the most time first. */
export function callRows({ recording, waits }: Analysis, names: ReportNames): CallRow[] {
  const groups = new Map<string, Part[]>();
  const lines = linesOf(recording.ranks, certain);
  for (const { rank, sums, phases } of recording.ranks) {
    const { byRow, openByRow, openCalls } = waits.sums[rank]!;
    for (const [row, { operation, phase, ...rest }] of sums.entries()) {
      const id = [operation, lines[rank]![row]!, phases[phase]?.name ?? ""].join("\n");
      const ms = rest.ms + openByRow[row]!;
      const calls = rest.calls + openCalls[row]!;
      const part = {
        rank,
        ...rest,
        calls,
        ms,
        waitingMs: byRow[row]!,
        longestMs: Math.max(rest.longestMs, openByRow[row]!),
      };
      const group = groups.get(id);
      if (group === undefined) groups.set(id, [part]);
      else group.push(part);
    }
  }
  const rows = [...groups].sort(([, a], [, b]) => timeOf(b) - timeOf(a)).slice(0, mostRows);
  return rows.map(([id, parts]) => rowOf(id, parts, names));
}

function timeOf(parts: readonly Part[]): number {
  return sum(parts, ({ ms }) => ms);
}

function rowOf(id: string, parts: readonly Part[], names: ReportNames): CallRow {
  const [operation = "", site = "", phase = ""] = id.split("\n");
  const ranks = new Map<number, number>();
  for (const { rank, ms } of parts) ranks.set(rank, (ranks.get(rank) ?? 0) + ms);
  const [worstRank, worstMs] = [...ranks].reduce((a, b) => (b[1] > a[1] ? b : a));
  const ms = timeOf(parts);
  return {
    operation: names.operations.indexOf(operation),
    site: names.sites.indexOf(site),
    phase: names.phases.indexOf(phase),
    calls: sum(parts, ({ calls }) => calls),
    ms: digits(ms),
    waitingMs: digits(
      Math.min(
        ms,
        sum(parts, ({ waitingMs }) => waitingMs),
      ),
    ),
    bytes: sum(parts, ({ bytes }) => bytes),
    longestMs: digits(parts.reduce((most, { longestMs }) => Math.max(most, longestMs), 0)),
    worstRank,
    worstMs: digits(worstMs),
    meanMs: digits(ms / ranks.size),
  };
}
