import { scaleLinear } from "d3-scale";
import { type Selection, select } from "d3-selection";
import { type D3ZoomEvent, type ZoomTransform, zoom, zoomIdentity, zoomTransform } from "d3-zoom";
import type { ReportData } from "../../performance/report-data.ts";
import { add, canvas, type Parent, sized, widthOf } from "../parts/dom.ts";
import { onTheme } from "../parts/theme.ts";
import { hideTip, showTip } from "../parts/tooltip.ts";
import { duration } from "../parts/units.ts";
import { phasesShown } from "./frame.ts";
import { depthOf, type Layout, laneHeight, layoutOf } from "./layout.ts";
import { Painter } from "./painter.ts";
import { type Segment, Segments } from "./segments.ts";
import type { View } from "./view.ts";
import { shareWords, wordsOf } from "./words.ts";

/** The shortest range that the timeline shows, in ms. */
const shortest = 0.02;
const factor = 1.6;

/** All ranks over time, on a canvas: far out the shares of bins, near the calls. */
export class TimelineChart {
  readonly #parent: Parent;
  readonly #node: HTMLCanvasElement;
  readonly #range: Parent;
  readonly #hint: Parent;
  readonly #target: Selection<HTMLCanvasElement, unknown, null, undefined>;
  readonly #zoom = zoom<HTMLCanvasElement, unknown>();
  #context: CanvasRenderingContext2D;
  #data: ReportData | undefined;
  #layout: Layout | undefined;
  #segments: Segments | undefined;
  #width = 0;
  #near = false;
  #hovered: Segment | undefined;
  #marked: ReadonlySet<number> = new Set();
  #scheduled = false;

  constructor(parent: Parent) {
    const bar = add(parent, "div", "toolbar");
    this.#buttons(bar);
    this.#range = add(bar, "output", "range").attr("aria-live", "polite");
    this.#hint = add(bar, "span", "hint");
    this.#parent = add(parent, "div", "timeline");
    const { node, context } = canvas(this.#parent, 10, 10, "");
    this.#node = node;
    this.#context = context;
    this.#target = select(node);
    this.#target.attr("tabindex", 0).attr("role", "application");
    this.#target.attr("aria-label", "Timeline of the ranks. Plus and minus zoom, the arrows move, 0 shows all.");
    this.#zoom.on("zoom", ({ sourceEvent }: D3ZoomEvent<HTMLCanvasElement, unknown>) => this.#zoomed(sourceEvent));
    this.#target.call(this.#zoom);
    this.#target.on("keydown", (event: KeyboardEvent) => this.#key(event));
    this.#target.on("pointermove", (event: PointerEvent) => this.#point(event));
    this.#target.on("pointerleave", () => this.#leave());
    onTheme(() => this.#schedule());
    new ResizeObserver(() => this.#resize()).observe(this.#parent.node()!);
  }

  update(data: ReportData): void {
    const shown = this.#data === undefined ? undefined : this.#shown();
    const wasAll = this.#transform.k === 1;
    this.#data = data;
    this.#layout = layoutOf(data);
    this.#segments = new Segments(data);
    this.#hovered = undefined;
    this.#resize();
    if (shown !== undefined && !wasAll) this.#go(...shown);
  }

  /** Shows a range with some time around it, and marks ranks. */
  show(from: number, to: number, ranks: readonly number[]): void {
    const around = Math.max((to - from) * 0.15, shortest);
    this.#marked = new Set(ranks);
    this.#go(from - around, to + around);
    this.#parent.node()!.closest("section")?.scrollIntoView({ block: "start" });
    this.#node.focus({ preventScroll: true });
  }

  #buttons(bar: Parent): void {
    const group = add(bar, "div", "choice").attr("role", "group").attr("aria-label", "Range of the timeline");
    const button = (text: string, label: string, act: () => void): void => {
      add(group, "button", "", text).attr("type", "button").attr("aria-label", label).on("click", act);
    };
    button("+", "Zoom in", () => this.#zoom.scaleBy(this.#target, factor));
    button("−", "Zoom out", () => this.#zoom.scaleBy(this.#target, 1 / factor));
    button("All", "Show the whole run", () => this.#reset());
  }

  get #transform(): ZoomTransform {
    return zoomTransform(this.#node);
  }

  get #total(): number {
    return Math.max(this.#data?.ending.ms ?? 0, 1e-3);
  }

  #reset(): void {
    this.#marked = new Set();
    this.#zoom.transform(this.#target, zoomIdentity);
  }

  #scale(): ReturnType<typeof scaleLinear<number, number>> {
    return scaleLinear([0, this.#total], [this.#layout!.gutter, this.#width]);
  }

  #shown(): [number, number] {
    const [from, to] = this.#transform.rescaleX(this.#scale()).domain() as [number, number];
    return [from, to];
  }

  #go(from: number, to: number): void {
    if (this.#layout === undefined) return;
    const begin = Math.max(0, from);
    const end = Math.min(this.#total, Math.max(to, begin + shortest));
    const k = Math.max(1, this.#total / Math.max(shortest, end - begin));
    const { gutter } = this.#layout;
    const at = gutter + (begin / this.#total) * (this.#width - gutter);
    this.#zoom.transform(this.#target, zoomIdentity.translate(gutter - k * at, 0).scale(k));
  }

  #resize(): void {
    const layout = this.#layout;
    if (layout === undefined) return;
    this.#width = widthOf(this.#parent);
    this.#context = sized(this.#node, this.#width, layout.height);
    const area: [[number, number], [number, number]] = [
      [layout.gutter, 0],
      [this.#width, layout.height],
    ];
    this.#zoom.extent(area).translateExtent(area);
    const rows = layout.rows.map(({ rank, y, height }) => [rank, y + height / 2]);
    this.#target.attr("data-rows", JSON.stringify(rows)); // for scripts that point at a rank
    this.#zoom.scaleExtent([1, Math.max(1, this.#total / shortest)]);
    this.#draw();
  }

  #zoomed(source: unknown): void {
    if (source !== null) hideTip();
    this.#hovered = undefined;
    this.#schedule();
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    requestAnimationFrame(() => {
      this.#scheduled = false;
      this.#draw();
    });
  }

  #draw(): void {
    const view = this.#view();
    if (view === undefined) return;
    this.#near = new Painter(this.#context).paint(view);
    const { from, to } = view;
    const all = this.#transform.k === 1;
    const total = duration(this.#total);
    this.#range.text(all ? `Whole run, ${total}` : `${duration(from)} to ${duration(to)} of ${total}`);
    this.#range
      .attr("data-from", from)
      .attr("data-to", to)
      .attr("data-shows", this.#near ? "calls" : "shares");
    const mode = this.#near ? "Single calls." : "Shares of time; zoom in for single calls.";
    this.#hint.text(`${mode} Wheel or + − zoom, drag or ← → move, 0 shows all.`);
  }

  #view(): View | undefined {
    if (this.#data === undefined || this.#layout === undefined || this.#segments === undefined) return undefined;
    const x = this.#transform.rescaleX(this.#scale());
    const [from, to] = x.domain() as [number, number];
    return {
      data: this.#data,
      layout: this.#layout,
      segments: this.#segments,
      width: this.#width,
      from,
      to,
      ticks: x.ticks(Math.max(3, Math.floor(this.#width / 120))),
      x: (ms) => x(ms),
      hovered: this.#hovered,
      marked: this.#marked,
    };
  }

  #key(event: KeyboardEvent): void {
    const acts: Record<string, () => void> = {
      "+": () => this.#zoom.scaleBy(this.#target, factor),
      "=": () => this.#zoom.scaleBy(this.#target, factor),
      "-": () => this.#zoom.scaleBy(this.#target, 1 / factor),
      ArrowLeft: () => this.#move(-0.2),
      ArrowRight: () => this.#move(0.2),
      "0": () => this.#reset(),
    };
    const act = event.ctrlKey || event.metaKey ? undefined : acts[event.key];
    if (act === undefined) return;
    event.preventDefault();
    act();
  }

  /** By a part of what is shown. */
  #move(part: number): void {
    const shift = (this.#width - this.#layout!.gutter) * part;
    this.#zoom.translateBy(this.#target, -shift / this.#transform.k, 0);
  }

  #point({ offsetX, offsetY, clientX, clientY, buttons }: PointerEvent): void {
    const view = this.#view();
    if (view === undefined || buttons !== 0) return;
    const { layout, from, to } = view;
    const perPixel = (to - from) / (this.#width - layout.gutter);
    const time = from + (offsetX - layout.gutter) * perPixel;
    const row = layout.rows.find(({ y, height }) => offsetY >= y - 1 && offsetY < y + height + 1);
    const before = this.#hovered;
    this.#hovered = undefined;
    const inside = offsetX >= layout.gutter;
    if (!inside) hideTip();
    else if (row === undefined) this.#pointPhase(time, offsetY, clientX, clientY);
    else if (this.#near) this.#pointCall(row.rank, time, perPixel, clientX, clientY);
    else {
      const step = Math.max(view.data.timeline.binMs, perPixel);
      const begin = Math.floor(time / step) * step;
      showTip(shareWords(view.data, row.rank, begin, begin + step), clientX, clientY);
    }
    if (before !== this.#hovered) this.#schedule();
  }

  #pointCall(rank: number, time: number, perPixel: number, x: number, y: number): void {
    const segments = this.#segments!;
    const found = segments.at(rank, time) ?? segments.at(rank, time, perPixel * 2);
    this.#hovered = found;
    if (found !== undefined) {
      const rows = this.#layout!.rowOf;
      const other = rows.get(found.waitedFor);
      // Words do not hide the arrow to the rank that it waits for.
      showTip(wordsOf(found, segments), x, y, other !== undefined && other.y > rows.get(rank)!.y);
      return;
    }
    const there = this.#data!.ranks.some((each) => each.rank === rank && each.joinedAt <= time && time <= each.leftAt);
    const words = segments.complete ? "computing" : "computing, or calls that were not kept";
    if (there) showTip([words, `rank ${rank}, at ${duration(time)}`], x, y);
    else hideTip();
  }

  #pointPhase(time: number, high: number, x: number, y: number): void {
    const data = this.#data!;
    const lane = Math.floor((high - this.#layout!.phasesAt) / laneHeight);
    const found = data.timeline.phases.find(
      ([rank, began, ms, phase]) =>
        rank === phasesShown(data) && began <= time && time <= began + ms && depthOf(data, phase) === lane,
    );
    if (found === undefined) {
      hideTip();
      return;
    }
    const [rank, began, ms, phase] = found;
    showTip([data.phases[phase]!, `of rank ${rank}: ${duration(ms)}, from ${duration(began)}`], x, y);
  }

  #leave(): void {
    hideTip();
    if (this.#hovered === undefined) return;
    this.#hovered = undefined;
    this.#schedule();
  }
}
