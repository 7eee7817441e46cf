import { axisBottom, axisLeft } from "d3-axis";
import { scaleBand, scaleLinear } from "d3-scale";
import { clear, type Drawing, drawing, type Parent } from "../parts/dom.ts";
import { explain, type Lines } from "../parts/tooltip.ts";
import { count, timeTicks } from "../parts/units.ts";

/** A bar of {@link drawBars}: parts on top of each other. */
export interface Bar {
  name: string;
  parts: readonly { className: string; value: number }[];
  explain(): Lines;
}

/** Figures of a chart of bars beside the bars themselves. */
export interface BarChart {
  label: string;
  width: number;
  height: number;
  bars: readonly Bar[];
  /** What the bars measure. */
  measure: "time" | "number";
  /** Under the bars: "rank". */
  below: string;
  /** A line across: the mean of something. */
  line?: { value: number; text: string };
}

const margin = { top: 18, right: 12, bottom: 38, left: 52 };

/** Vertical bars, one a rank or a class. */
export function drawBars(parent: Parent, chart: BarChart): void {
  clear(parent);
  const { width, height, bars, label } = chart;
  const svg = drawing(parent, width, height, label);
  const x = scaleBand(
    bars.map(({ name }) => name),
    [margin.left, width - margin.right],
  )
    .paddingInner(bars.length > 80 ? 0.05 : 0.22)
    .paddingOuter(0.1);
  const most = Math.max(...bars.map(({ parts }) => parts.reduce((sum, { value }) => sum + value, 0)), 0);
  const y = scaleLinear([0, most || 1], [height - margin.bottom, margin.top]).nice(5);
  drawAxes(svg, chart, x, y);
  const wide = Math.min(x.bandwidth(), 44);
  for (const bar of bars) {
    const group = svg.append("g").attr("class", "bar");
    const left = x(bar.name)! + (x.bandwidth() - wide) / 2;
    let below = 0;
    for (const { className, value } of bar.parts) {
      const shape = group.append("rect").attr("class", className).attr("x", left).attr("width", wide);
      shape.attr("y", y(below + value)).attr("height", Math.max(0, y(below) - y(below + value)));
      below += value;
    }
    const target = group.append("rect").attr("class", "target").attr("x", x(bar.name)!).attr("y", margin.top);
    target.attr("width", x.bandwidth()).attr("height", height - margin.top - margin.bottom);
    explain(target.node()!, bar.explain);
  }
  if (chart.line !== undefined) drawLine(svg, chart.line, width, y(chart.line.value));
}

type Band = ReturnType<typeof scaleBand<string>>;
type Linear = ReturnType<typeof scaleLinear<number, number>>;

function drawAxes(svg: Drawing, { width, height, bars, measure, below }: BarChart, x: Band, y: Linear): void {
  const ticks = y.ticks(5);
  const time = timeTicks(ticks);
  const write = measure === "time" ? time.write : count;
  const left = axisLeft(y)
    .tickValues(measure === "time" ? ticks : ticks.filter(Number.isInteger))
    .tickFormat((value) => write(Number(value)))
    .tickSize(margin.left + margin.right - width);
  svg.append("g").attr("class", "axis grid").attr("transform", `translate(${margin.left},0)`).call(left as never);
  const longest = Math.max(...bars.map(({ name }) => name.length), 1) * 7 + 8;
  const room = (width - margin.left - margin.right) / Math.max(1, bars.length);
  const every = [1, 2, 4, 8, 16, 32, 64].find((step) => step * room >= longest) ?? 128;
  const bottom = axisBottom(x).tickValues(x.domain().filter((_, at) => at % every === 0)).tickSize(0).tickPadding(7);
  svg.append("g").attr("class", "axis").attr("transform", `translate(0,${height - margin.bottom})`).call(bottom as never);
  const title = svg.append("text").attr("class", "axis-title").attr("x", width - margin.right).attr("y", height - 4);
  title.attr("text-anchor", "end").text(below);
  svg.append("text").attr("class", "axis-title").attr("x", margin.left - 8).attr("y", 10).attr("text-anchor", "end")
    .text(measure === "time" ? time.unit : "");
}

function drawLine(svg: Drawing, { text }: { text: string }, width: number, y: number): void {
  const right = width - margin.right;
  svg.append("line").attr("class", "mark").attr("x1", margin.left).attr("x2", right).attr("y1", y).attr("y2", y);
  svg.append("text").attr("class", "mark-text").attr("x", right).attr("y", y - 4).attr("text-anchor", "end").text(text);
}
