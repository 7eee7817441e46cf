import { axisBottom, axisLeft } from "d3-axis";
import { scaleLog } from "d3-scale";
import { line } from "d3-shape";
import type { ReportData, ScalingRow } from "../../performance/report-data.ts";
import { add, clear, drawing, type Parent } from "../parts/dom.ts";
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
  const pair = add(parent, "div", "pair");
  drawSpeedup(add(pair, "div", "chart"), scaling);
  const table = add(add(pair, "div", "scroll"), "table", "numbers");
  const head = add(add(table, "thead"), "tr");
  for (const title of titles) add(head, "th", "", title).attr("scope", "col");
  const body = add(table, "tbody");
  for (const row of scaling) {
    const cells = add(body, "tr");
    add(cells, "th", "", row.name).attr("scope", "row");
    for (const text of [String(row.ranks), duration(row.ms), digits(row.speedup)]) add(cells, "td", "", text);
    const { globalEfficiency, parallel, loadBalance, communication, computationScaling } = row;
    for (const value of [globalEfficiency, parallel, loadBalance, communication, computationScaling]) addValue(cells, value);
  }
}

function drawSpeedup(parent: Parent, rows: readonly ScalingRow[]): void {
  const sorted = [...rows].sort((a, b) => a.ranks - b.ranks);
  const least = sorted[0]!.ranks;
  const most = sorted.at(-1)!.ranks;
  const first = rows[0]!.ranks;
  const svg = drawing(parent, size.width, size.height, "Speedup by the number of ranks, with the ideal line");
  const x = scaleLog([least / 1.15, most * 1.15], [size.left, size.width - size.right]).base(2);
  const speedups = sorted.flatMap(({ speedup, ranks }) => [speedup, ranks / first]);
  const y = scaleLog([Math.min(...speedups) / 1.15, Math.max(...speedups) * 1.15], [size.height - size.bottom, size.top]).base(2);
  const bottom = axisBottom(x).tickValues(sorted.map(({ ranks }) => ranks)).tickFormat(String).tickSizeOuter(0);
  svg.append("g").attr("class", "axis").attr("transform", `translate(0,${size.height - size.bottom})`).call(bottom as never);
  const powers = Array.from({ length: 24 }, (_, i) => 2 ** (i - 8)).filter((each) => each >= y.domain()[0]! && each <= y.domain()[1]!);
  const left = axisLeft(y).tickValues(powers).tickFormat((value) => `${digits(Number(value))}×`).tickSize(size.left + size.right - size.width);
  svg.append("g").attr("class", "axis grid").attr("transform", `translate(${size.left},0)`).call(left as never);
  const path = line<ScalingRow>().x(({ ranks }) => x(ranks));
  svg.append("path").attr("class", "series ideal").attr("d", path.y(({ ranks }) => y(ranks / first))(sorted));
  svg.append("path").attr("class", "series highest").attr("d", path.y(({ speedup }) => y(speedup))(sorted));
  for (const row of sorted) {
    const dot = svg.append("circle").attr("class", "dot").attr("r", 4).attr("cx", x(row.ranks)).attr("cy", y(row.speedup));
    explain(dot.node()!, () => [row.name, `${row.ranks} ranks, ${duration(row.ms)}`, `speedup ${digits(row.speedup)}`]);
  }
  const words = svg.append("text").attr("class", "axis-title").attr("text-anchor", "end");
  words.attr("x", size.width - size.right).attr("y", size.height - 4).text("ranks; dashed: ideal");
}
