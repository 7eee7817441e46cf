import { axisBottom, axisLeft } from "d3-axis";
import { scaleLog } from "d3-scale";
import type { ReportData, ScalingRow } from "../../performance/report-data.ts";
import { add, addAxis, clear, drawing, type Parent, pathOf, shape } from "../parts/dom.ts";
import { explain } from "../parts/tooltip.ts";
import { digits, duration } from "../parts/units.ts";
import { addValue } from "./efficiency-cell.ts";

const size = { width: 420, height: 280, left: 44, right: 16, top: 16, bottom: 40 };
const titles = [
  "Run",
  "Ranks",
  "Time",
  "Speedup",
  "Global efficiency",
  "Parallel efficiency",
  "Load balance",
  "Communication",
  "Computation scaling",
];

/** Runs of the same program on other numbers of ranks, if the report has any. */
export function updateScaling(parent: Parent, { scaling }: ReportData): void {
  clear(parent);
  if (scaling === undefined || scaling.length === 0) return;
  add(parent, "h3", "", "By the number of ranks");
  const words =
    "Speedup is against the first run. Global efficiency = parallel efficiency × computation scaling; computation scaling falls below 100 % if the ranks together compute for longer than those of the first run.";
  add(parent, "p", "intro", words);
  addTable(add(parent, "div", "scroll"), scaling);
  drawSpeedup(add(parent, "div", "chart speedup"), scaling);
}

function addTable(parent: Parent, scaling: readonly ScalingRow[]): void {
  const table = add(parent, "table", "numbers");
  const head = add(add(table, "thead"), "tr");
  for (const title of titles) add(head, "th", "", title).attr("scope", "col");
  const body = add(table, "tbody");
  for (const row of scaling) {
    const cells = add(body, "tr");
    add(cells, "th", "", row.name).attr("scope", "row");
    for (const text of [String(row.ranks), duration(row.ms), digits(row.speedup)]) add(cells, "td", "", text);
    const { globalEfficiency, parallel, loadBalance, communication, computationScaling } = row;
    for (const value of [globalEfficiency, parallel, loadBalance, communication, computationScaling])
      addValue(cells, value);
  }
}

function drawSpeedup(parent: Parent, rows: readonly ScalingRow[]): void {
  const sorted = [...rows].sort((a, b) => a.ranks - b.ranks);
  const first = rows[0]!.ranks;
  const svg = drawing(parent, size.width, size.height, "Speedup by the number of ranks, with the ideal line");
  const x = logScale(
    sorted.map(({ ranks }) => ranks),
    size.left,
    size.width - size.right,
  );
  const speedups = sorted.flatMap(({ speedup, ranks }) => [speedup, ranks / first]);
  const y = logScale(speedups, size.height - size.bottom, size.top);
  const bottom = axisBottom(x).tickValues(sorted.map(({ ranks }) => ranks));
  addAxis(svg, "axis", 0, size.height - size.bottom, bottom.tickFormat(String).tickSizeOuter(0));
  const powers = Array.from({ length: 24 }, (_, i) => 2 ** (i - 8));
  const left = axisLeft(y).tickValues(powers.filter((each) => each >= y.domain()[0]! && each <= y.domain()[1]!));
  left.tickFormat((value) => `${digits(Number(value))}×`).tickSize(size.left + size.right - size.width);
  addAxis(svg, "axis grid", size.left, 0, left);
  const path = (of: (row: ScalingRow) => number): string => pathOf(sorted.map((row) => [x(row.ranks), y(of(row))]));
  shape(svg, "path", { class: "series ideal", d: path(({ ranks }) => ranks / first) });
  shape(svg, "path", { class: "series highest", d: path(({ speedup }) => speedup) });
  for (const row of sorted) {
    const dot = shape(svg, "circle", { class: "dot", r: 4, cx: x(row.ranks), cy: y(row.speedup) });
    const words = [row.name, `${row.ranks} ranks, ${duration(row.ms)}`, `speedup ${digits(row.speedup)}`];
    explain(dot.node()!, () => words);
  }
  const corner = { x: size.width - size.right, y: size.height - 4, "text-anchor": "end" };
  shape(svg, "text", { class: "axis-title", ...corner }).text("ranks; dashed: ideal");
}

function logScale(values: readonly number[], from: number, to: number): ReturnType<typeof scaleLog<number, number>> {
  const around = 1.15;
  return scaleLog([Math.min(...values) / around, Math.max(...values) * around], [from, to]).base(2);
}
