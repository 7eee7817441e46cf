import { axisBottom, axisLeft } from "d3-axis";
import { scaleLinear } from "d3-scale";
import { addAxis, clear, type Drawing, drawing, type Parent, pathOf, shape } from "../parts/dom.ts";
import { hideTip, showTip } from "../parts/tooltip.ts";
import { duration, timeTicks } from "../parts/units.ts";

/** A line of {@link drawLines}: one rank. */
export interface Line {
  name: string;
  at: readonly number[];
  values: readonly number[];
}

export interface LineChart {
  label: string;
  title: string;
  width: number;
  height: number;
  lines: readonly Line[];
  /** The end of the axis of time, in ms. */
  until: number;
  write(value: number): string;
}

/** Above that many lines, the area between the least and the most is drawn instead of them. */
const manyLines = 32;
const margin = { top: 44, right: 12, bottom: 26, left: 56 };

type Scale = ReturnType<typeof scaleLinear<number, number>>;

/** Lines over time. The one with the highest peak stands out and has its name; the pointer picks others. */
export function drawLines(parent: Parent, chart: LineChart): void {
  clear(parent);
  const { width, height, lines, until } = chart;
  const svg = drawing(parent, width, height, chart.label);
  const most = Math.max(...lines.map(({ values }) => peakOf(values)), 0);
  const x = scaleLinear([0, until || 1], [margin.left, width - margin.right]);
  const y = scaleLinear([0, most * 1.05 || 1], [height - margin.bottom, margin.top]).nice(4);
  drawAxes(svg, chart, x, y);
  const highest = lines.reduce((best, each) => (peakOf(each.values) > peakOf(best.values) ? each : best), lines[0]!);
  const draw = ({ at, values }: Line, className: string): void => {
    shape(svg, "path", { class: className, d: pathOf(values.map((value, i) => [x(at[i]!), y(value)])) });
  };
  if (lines.length > manyLines) drawBand(svg, lines, until, x, y);
  else for (const each of lines) if (each !== highest) draw(each, "series");
  draw(highest, "series highest");
  shape(svg, "text", { class: "chart-title", x: margin.left, y: 12 }).text(chart.title);
  const note = shape(svg, "text", { class: "series-name", x: margin.left, y: 29 });
  note.text(`highest: ${highest.name}, ${chart.write(peakOf(highest.values))}`);
  pickable(svg, chart, x, y);
}

function drawAxes(svg: Drawing, { width, height, write }: LineChart, x: Scale, y: Scale): void {
  const left = axisLeft(y).ticks(4);
  left.tickFormat((value) => write(Number(value))).tickSize(margin.left + margin.right - width);
  addAxis(svg, "axis grid", margin.left, 0, left);
  const ticks = x.ticks(5);
  const time = timeTicks(ticks);
  const bottom = axisBottom(x).tickValues(ticks).tickSizeOuter(0);
  bottom.tickFormat((value) => `${time.write(Number(value))} ${time.unit}`);
  addAxis(svg, "axis", 0, height - margin.bottom, bottom);
}

function drawBand(svg: Drawing, lines: readonly Line[], until: number, x: Scale, y: Scale): void {
  const steps = Array.from({ length: 161 }, (_, i) => (i * until) / 160);
  const ranges = steps.flatMap((at) => {
    const values = lines.flatMap((each) => valueAt(each, at)).sort((a, b) => a - b);
    const middle = values[values.length >> 1];
    return middle === undefined ? [] : [{ at, least: values[0]!, middle, most: values.at(-1)! }];
  });
  const along = (field: "least" | "middle" | "most"): [number, number][] =>
    ranges.map((each) => [x(each.at), y(each[field])]);
  const outline = [...along("most"), ...along("least").reverse()];
  shape(svg, "path", { class: "band", d: `${pathOf(outline)}Z` });
  shape(svg, "path", { class: "series median", d: pathOf(along("middle")) });
}

/** Shows the line that is nearest to the pointer, and what it is there. */
function pickable(svg: Drawing, { width, height, lines, write }: LineChart, x: Scale, y: Scale): void {
  const dot = shape(svg, "circle", { class: "dot", r: 3.5, visibility: "hidden" });
  const size = { width: width - margin.left - margin.right, height: height - margin.top - margin.bottom };
  const target = shape(svg, "rect", { class: "target", x: margin.left, y: margin.top, ...size });
  target.on("pointermove", (event: PointerEvent) => {
    const box = svg.node()!.getBoundingClientRect();
    const at = x.invert(((event.clientX - box.left) * width) / box.width);
    const high = ((event.clientY - box.top) * height) / box.height;
    const found = lines.flatMap((each) => valueAt(each, at).map((value) => ({ name: each.name, value })));
    found.sort((a, b) => Math.abs(y(a.value) - high) - Math.abs(y(b.value) - high));
    const nearest = found[0];
    if (nearest === undefined) return;
    dot.attr("visibility", "visible").attr("cx", x(at)).attr("cy", y(nearest.value));
    showTip([nearest.name, `${write(nearest.value)} at ${duration(at)}`], event.clientX, event.clientY);
  });
  target.on("pointerleave", () => {
    dot.attr("visibility", "hidden");
    hideTip();
  });
}

/** The last value before a time: none before the first. */
function valueAt({ at, values }: Line, time: number): number[] {
  let low = 0;
  let high = at.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (at[middle]! <= time) low = middle + 1;
    else high = middle;
  }
  const value = values[low - 1];
  return value === undefined ? [] : [value];
}

function peakOf(values: readonly number[]): number {
  return values.reduce((most, each) => Math.max(most, each), 0);
}
