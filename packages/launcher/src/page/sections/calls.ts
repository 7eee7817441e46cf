import type { CallRow, ReportData } from "../../performance/report-data.ts";
import { add, choice, clear, legend, nothing, type Parent } from "../parts/dom.ts";
import { type Column, SortedTable } from "../parts/sorted-table.ts";
import { bytes, count, counted, duration } from "../parts/units.ts";
import type { Section } from "./section.ts";

/** A line of the table: one operation at one line of the program, or at all of them. */
interface Line {
  operation: string;
  site: string;
  phase: string;
  calls: number;
  ms: number;
  waitingMs: number;
  bytes: number;
  longestMs: number;
  meanMs: number;
  worst: string;
  worstMs: number;
  /** Of the longest bar, for the width of this one. */
  mostMs: number;
}

const shared: readonly Column<Line>[] = [
  { title: "Calls", value: (row) => row.calls, text: (row) => count(row.calls), className: "number" },
  { title: "Time, of it waiting", value: (row) => row.ms, draw: drawTime, className: "bar-cell" },
  { title: "Waiting", value: (row) => row.waitingMs, text: (row) => written(row.waitingMs), className: "number" },
  {
    title: "Data",
    value: (row) => row.bytes,
    text: (row) => (row.bytes === 0 ? "–" : bytes(row.bytes)),
    className: "number",
  },
  { title: "Longest", value: (row) => row.longestMs, text: (row) => written(row.longestMs), className: "number" },
];
const operation: Column<Line> = { title: "Operation", value: (row) => row.operation, className: "code" };
const site: Column<Line> = { title: "Line", value: (row) => row.site || "not known", className: "code" };
const phase: Column<Line> = { title: "Phase", value: (row) => row.phase, className: "phase" };
const perRank: readonly Column<Line>[] = [
  { title: "Mean of a rank", value: (row) => row.meanMs, text: (row) => written(row.meanMs), className: "number" },
  { title: "Most", value: (row) => row.worstMs, text: (row) => row.worst, className: "number" },
];

export const callsSection: Section = {
  id: "calls",
  title: "Time in calls",
  intro: "Sums over all ranks. A call that mostly waits is early, not slow: look for the rank that comes late.",
  create(parent) {
    const none = add(parent, "div");
    const body = add(parent, "div");
    const bar = add(body, "div", "toolbar");
    const byLine = add(body, "div");
    const byOperation = add(body, "div").attr("hidden", "");
    choice(bar, "Rows of the table", ["by line", "by operation"], "by line", (chosen) => {
      byLine.attr("hidden", chosen === "by line" ? null : "");
      byOperation.attr("hidden", chosen === "by line" ? "" : null);
    });
    legend(bar, [
      ["waiting", "waiting for other ranks"],
      ["transfer", "the rest of the calls"],
    ]);
    const lines = new SortedTable<Line>(byLine, [operation, site, phase, ...shared, ...perRank], 4);
    const operations = new SortedTable<Line>(byOperation, [operation, { ...site, title: "Lines" }, ...shared], 3);
    return (data) => {
      body.attr("hidden", data.calls.length === 0 ? "" : null);
      clear(none);
      if (data.calls.length === 0) {
        nothing(none, "the program made no call of tsmpi.");
        return;
      }
      const all = linesOf(data);
      byLine.classed(
        "without-phases",
        all.every((each) => each.phase === ""),
      );
      lines.update(withWidths(all));
      operations.update(withWidths(operationsOf(all)));
    };
  },
};

function linesOf({ calls, operations, sites, phases }: ReportData): Line[] {
  const made = calls.filter((row: CallRow) => row.calls > 0 || row.ms > 0);
  return made.map((row) => ({
    ...row,
    operation: operations[row.operation] ?? "",
    site: sites[row.site] ?? "",
    phase: phases[row.phase] ?? "",
    worst: `${written(row.worstMs)}, rank ${row.worstRank}`,
    mostMs: 0,
  }));
}

function operationsOf(lines: readonly Line[]): Line[] {
  const groups = new Map<string, Line[]>();
  for (const line of lines) groups.set(line.operation, [...(groups.get(line.operation) ?? []), line]);
  return [...groups.values()].map((group) => ({
    ...group[0]!,
    site: counted(new Set(group.map((each) => each.site)).size, "line"),
    calls: sum(group, "calls"),
    ms: sum(group, "ms"),
    waitingMs: sum(group, "waitingMs"),
    bytes: sum(group, "bytes"),
    longestMs: Math.max(...group.map((each) => each.longestMs)),
  }));
}

function sum(lines: readonly Line[], field: "calls" | "ms" | "waitingMs" | "bytes"): number {
  return lines.reduce((total, line) => total + line[field], 0);
}

function withWidths(lines: Line[]): Line[] {
  const mostMs = Math.max(...lines.map(({ ms }) => ms));
  return lines.map((line) => ({ ...line, mostMs }));
}

function drawTime(cell: Parent, { ms, waitingMs, mostMs }: Line): void {
  add(cell, "span", "amount", duration(ms));
  const bar = add(cell, "span", "hbar").attr("aria-hidden", "true");
  const width = (part: number): string => `${((100 * part) / (mostMs || 1)).toFixed(2)}%`;
  add(bar, "span", "waiting").style("width", width(waitingMs));
  add(bar, "span", "transfer").style("width", width(Math.max(0, ms - waitingMs)));
}

function written(ms: number): string {
  return ms === 0 ? "–" : duration(ms);
}
