import type { ReportData } from "../../performance/report-data.ts";
import { Matrix } from "../charts/matrix.ts";
import { Alternative, add, clear, type Parent, plainTable } from "../parts/dom.ts";
import { counted, duration, percent } from "../parts/units.ts";
import { cellsOf, type Groups, groupsOf, usualGrouping } from "./groups.ts";
import type { Section } from "./section.ts";

const shownPairs = 200;

export const waitingSection: Section = {
  id: "waiting",
  title: "Who waited for whom",
  intro:
    "Time that the rank of a row spent waiting for the rank of a column. A column that stands out is a rank that comes late.",
  create(parent) {
    const pair = add(parent, "div", "pair");
    const matrix = new Matrix(add(pair, "div", "chart"), "Heat map: who waited for whom, and for how long");
    const side = add(pair, "div", "side");
    const table = new Alternative(parent);
    return (data) => {
      const groups = groupsOf(data, usualGrouping(data));
      const cells = cellsOf(data.waitedFor, groups);
      matrix.update({
        names: groups.names,
        rowTitle: "waiting",
        columnTitle: "waited for",
        cells,
        scale: "linear",
        write: duration,
        explain: (row, column, value) => {
          const waited = value === 0 ? "did not wait" : `waited ${duration(value)}`;
          return [nameOf(groups, row), `${waited} for ${nameOf(groups, column)}`];
        },
        empty: "no rank waited for another one.",
      });
      drawAwaited(side, data);
      table.update(cells.length === 0 ? undefined : (into) => pairTable(into, cells, groups));
    };
  },
};

function nameOf({ title, names }: Groups, index: number): string {
  return title === "host" ? names[index]! : `rank ${names[index]}`;
}

/** The ranks that were waited for the longest. */
function drawAwaited(parent: Parent, { waitedFor }: ReportData): void {
  clear(parent);
  if (waitedFor.length === 0) return;
  const sums = new Map<number, { ms: number; by: number }>();
  for (const [, whom, ms] of waitedFor) {
    const sum = sums.get(whom) ?? { ms: 0, by: 0 };
    sums.set(whom, { ms: sum.ms + ms, by: sum.by + 1 });
  }
  const total = [...sums.values()].reduce((sum, { ms }) => sum + ms, 0);
  const rows = [...sums].sort(([, a], [, b]) => b.ms - a.ms).slice(0, 10);
  add(parent, "h3", "", "Waited for the longest");
  plainTable(
    parent,
    ["Rank", "Time", "Of all waiting", "By"],
    rows.map(([rank, { ms, by }]) => [`rank ${rank}`, duration(ms), percent(ms / total), counted(by, "rank")]),
  );
}

function pairTable(into: Parent, cells: readonly [number, number, number][], groups: Groups): void {
  const rows = [...cells].sort((a, b) => b[2] - a[2]).slice(0, shownPairs);
  plainTable(
    into,
    ["Waiting", "Waited for", "Time"],
    rows.map(([row, column, ms]) => [nameOf(groups, row), nameOf(groups, column), duration(ms)]),
  );
}
