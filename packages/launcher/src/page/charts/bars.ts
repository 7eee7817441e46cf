import { axisBottom, axisLeft } from "d3-axis";
import { scaleBand, scaleLinear } from "d3-scale";
import { addAxis, clear, type Drawing, drawing, type Parent, shape } from "../parts/dom.ts";
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

type Band = ReturnType<typeof scaleBand<string>>;
type Linear = ReturnType<typeof scaleLinear<number, number>>;

const margin = { top: 24, right: 4, bottom: 38, left: 56 };
const widest = 44;

/** Vertical bars, one a rank or a class. */
export function drawBars(parent: Parent, chart: BarChart): void {
  clear(parent);
  const { width, height, bars, label } = chart;
  const svg = drawing(parent, width, height, label);
  const names = bars.map(({ name }) => name);
  const x = scaleBand(names, [margin.left, width - margin.right]).paddingOuter(0.1);
  x.paddingInner(bars.length > 80 ? 0.05 : 0.22);
  const most = Math.max(...bars.map(({ parts }) => parts.reduce((sum, { value }) => sum + value, 0)), 0);
  const y = scaleLinear([0, most || 1], [height - margin.bottom, margin.top]).nice(5);
  drawAxes(svg, chart, x, y);
  for (const bar of bars) drawBar(svg, bar, height, x, y);
  if (chart.line !== undefined) drawLine(svg, chart.line.text, width, y(chart.line.value));
}

function drawBar(svg: Drawing, bar: Bar, height: number, x: Band, y: Linear): void {
  const group = shape(svg, "g", { class: "bar" });
  const width = Math.min(x.bandwidth(), widest);
  const left = x(bar.name)! + (x.bandwidth() - width) / 2;
  let below = 0;
  for (const { className, value } of bar.parts) {
    const top = y(below + value);
    shape(group, "rect", { class: className, x: left, width, y: top, height: Math.max(0, y(below) - top) });
    below += value;
  }
  const area = { x: x(bar.name)!, y: margin.top, width: x.bandwidth(), height: height - margin.top - margin.bottom };
  explain(shape(group, "rect", { class: "target", ...area }).node()!, bar.explain);
}

function drawAxes(svg: Drawing, { width, height, bars, measure, below }: BarChart, x: Band, y: Linear): void {
  const ticks = y.ticks(5);
  const time = timeTicks(ticks);
  const isTime = measure === "time";
  const left = axisLeft(y).tickValues(isTime ? ticks : ticks.filter(Number.isInteger));
  left.tickFormat((value) => (isTime ? `${time.write(Number(value))} ${time.unit}` : count(Number(value))));
  left.tickSize(margin.left + margin.right - width);
  addAxis(svg, "axis grid", margin.left, 0, left);
  const longest = Math.max(...bars.map(({ name }) => name.length), 1) * 7 + 8;
  const room = (width - margin.left - margin.right) / Math.max(1, bars.length);
  const every = [1, 2, 4, 8, 16, 32, 64].find((step) => step * room >= longest) ?? 128;
  const bottom = axisBottom(x).tickSize(0).tickPadding(7);
  bottom.tickValues(x.domain().filter((_, at) => at % every === 0));
  addAxis(svg, "axis", 0, height - margin.bottom, bottom);
  const corner = { x: width - margin.right, y: height - 4, "text-anchor": "end" };
  shape(svg, "text", { class: "axis-title", ...corner }).text(below);
}

/** A dashed line across the bars; its meaning is above them, where no bar is. */
function drawLine(svg: Drawing, text: string, width: number, y: number): void {
  const dashed = (x1: number, x2: number, at: number): void => {
    shape(svg, "line", { class: "mark", x1, x2, y1: at, y2: at });
  };
  dashed(margin.left, width - margin.right, y);
  dashed(margin.left, margin.left + 26, 8);
  shape(svg, "text", { class: "mark-text", x: margin.left + 33, y: 12 }).text(text);
}
