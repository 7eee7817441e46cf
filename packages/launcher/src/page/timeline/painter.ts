import type { ReportData } from "../../performance/report-data.ts";
import { colour } from "../parts/theme.ts";
import { timeTicks } from "../parts/units.ts";
import { type Shares, sharesOf } from "./bins.ts";
import { axisHeight, depthOf, type Layout, laneHeight, type Row } from "./layout.ts";
import type { Kind, Segment, Segments } from "./segments.ts";

/** What a picture of the timeline needs to know. */
export interface View {
  data: ReportData;
  layout: Layout;
  segments: Segments;
  width: number;
  from: number;
  to: number;
  ticks: number[];
  /** The place of a time, in CSS pixels. */
  x(ms: number): number;
  hovered?: Segment | undefined;
  /** Ranks that an advice is about. */
  marked: ReadonlySet<number>;
}

/** From the bottom of a row to its top. */
const stacked: readonly Kind[] = ["task", "map", "collective", "message"];
const shownArrows = 1500;

/** Draws the timeline on its canvas. */
export class Painter {
  readonly #context: CanvasRenderingContext2D;
  readonly #colours: Record<Kind | "waiting" | "ink" | "soft" | "line" | "wash" | "page" | "phase", string>;

  constructor(context: CanvasRenderingContext2D) {
    this.#context = context;
    const names = ["computing", "task", "message", "collective", "map", "waiting"] as const;
    const surfaces = ["ink", "soft", "line", "wash", "page", "phase"] as const;
    this.#colours = Object.fromEntries([...names, ...surfaces].map((name) => [name, colour(name)])) as never;
  }

  /** True: calls one by one; false: what the bins say. */
  paint(view: View): boolean {
    const { layout, width } = view;
    const context = this.#context;
    context.clearRect(0, 0, width, layout.height);
    const near = isNear(view);
    this.#axis(view);
    context.save();
    context.beginPath();
    context.rect(layout.gutter, 0, width - layout.gutter, layout.height);
    context.clip();
    this.#phases(view);
    for (const row of layout.rows) this.#row(view, row, near);
    if (near) this.#arrows(view);
    this.#hovered(view);
    context.restore();
    this.#names(view);
    return near;
  }

  #axis({ ticks, x, layout }: View): void {
    const context = this.#context;
    const { unit, write } = timeTicks(ticks);
    context.font = font(11);
    context.textBaseline = "middle";
    for (const tick of ticks) {
      const at = Math.round(x(tick)) + 0.5;
      if (at < layout.gutter) continue;
      context.fillStyle = this.#colours.line;
      context.fillRect(at - 0.5, axisHeight - 5, 1, layout.height - axisHeight);
      context.fillStyle = this.#colours.soft;
      context.textAlign = "center";
      context.fillText(`${write(tick)} ${unit}`, at, 9);
    }
  }

  #phases(view: View): void {
    const { data, layout, x } = view;
    const shown = phasesShown(data);
    const context = this.#context;
    context.font = font(11);
    context.textAlign = "left";
    for (const [rank, began, ms, phase] of data.timeline.phases) {
      if (rank !== shown || began > view.to || began + ms < view.from) continue;
      const left = Math.max(layout.gutter, x(began));
      const right = Math.min(view.width, x(began + ms));
      const top = layout.phasesAt + depthOf(data, phase) * laneHeight;
      context.fillStyle = this.#colours.phase;
      context.fillRect(left, top, Math.max(1, right - left - 1), laneHeight - 2);
      const name = (data.phases[phase] ?? "").split("/").at(-1)!;
      if (context.measureText(name).width > right - left - 10) continue;
      context.fillStyle = this.#colours.ink;
      context.fillText(name, left + 5, top + laneHeight / 2 - 0.5);
    }
  }

  #row(view: View, row: Row, near: boolean): void {
    const rank = view.data.ranks.find((each) => each.rank === row.rank)!;
    const left = view.x(Math.max(view.from, rank.joinedAt));
    const right = view.x(Math.min(view.to, rank.leftAt));
    if (right > left) {
      this.#context.fillStyle = this.#colours.computing;
      this.#context.fillRect(left, row.y, right - left, row.height);
    }
    if (!near || !view.segments.complete) this.#bins(view, row, near ? 0.35 : 1);
    if (near) view.segments.each(row.rank, view.from, view.to, (segment) => this.#segment(view, row, segment));
  }

  #bins(view: View, row: Row, strength: number): void {
    const { timeline } = view.data;
    const context = this.#context;
    const step = Math.max(1, view.x(timeline.binMs) - view.x(0));
    context.globalAlpha = strength;
    const left = view.x(Math.floor(view.from / timeline.binMs) * timeline.binMs);
    for (let at = left; at < view.width; at += step) {
      const time = (pixel: number): number =>
        view.from + ((pixel - view.layout.gutter) / (view.width - view.layout.gutter)) * (view.to - view.from);
      const shares = sharesOf(timeline, row.rank, time(at + 0.01), time(at + step - 0.01));
      if (shares !== undefined) this.#share(shares, at, step, row);
    }
    context.globalAlpha = 1;
  }

  #share(shares: Shares, x: number, width: number, { y, height }: Row): void {
    let bottom = y + height;
    for (const kind of stacked) {
      const part = shares[kind] * height;
      if (part < 0.05) continue;
      this.#context.fillStyle = this.#colours[kind];
      this.#context.fillRect(x, bottom - part, width + 0.3, part);
      bottom -= part;
    }
  }

  #segment(view: View, { y, height }: Row, segment: Segment): void {
    const context = this.#context;
    const left = Math.max(view.layout.gutter - 2, view.x(segment.began));
    const right = Math.min(view.width + 2, view.x(segment.ended));
    const width = Math.max(0.7, right - left - (right - left > 3 ? 0.7 : 0));
    context.fillStyle = this.#colours[segment.kind];
    context.fillRect(left, y, width, height);
    const waitedTo = Math.min(view.x(segment.began + segment.waited), left + width);
    if (segment.waited > 0 && waitedTo - left > 0.3) {
      const high = height < 8 ? height : Math.max(4, Math.round(height * 0.36));
      context.fillStyle = this.#colours.waiting;
      context.fillRect(left, y + height - high, waitedTo - left, high);
    }
    if (height < 18 || width < 34) return;
    context.font = font(10.5);
    if (context.measureText(segment.operation).width > width - 10) return;
    context.textAlign = "left";
    context.fillStyle = segment.kind === "map" ? "#14171a" : "#ffffff";
    context.fillText(segment.operation, left + 5, y + height * 0.34);
  }

  #arrows({ data, layout, x, from, to }: View): void {
    const { arrows } = data.timeline;
    const shown: [number, number, number, number][] = [];
    for (let i = 0; i < arrows.length; i += 6) {
      const [source, target, sent, received] = arrows.slice(i, i + 4) as [number, number, number, number];
      if (received >= from && sent <= to) shown.push([source, target, sent, received]);
    }
    if (shown.length > shownArrows) return;
    for (const [source, target, sent, received] of shown) {
      const start = layout.rowOf.get(source);
      const end = layout.rowOf.get(target);
      if (start === undefined || end === undefined || source === target) continue;
      const down = end.y > start.y;
      const top = down ? start.y + start.height : start.y;
      this.#arrow(x(sent), top, x(received), down ? end.y : end.y + end.height, this.#colours.ink, 0.9);
    }
  }

  #hovered({ hovered, layout, x }: View): void {
    const row = hovered === undefined ? undefined : layout.rowOf.get(hovered.rank);
    if (hovered === undefined || row === undefined) return;
    const context = this.#context;
    const left = x(hovered.began);
    context.strokeStyle = this.#colours.ink;
    context.lineWidth = 1.5;
    context.strokeRect(left - 0.5, row.y - 1, Math.max(2, x(hovered.ended) - left), row.height + 2);
    const other = layout.rowOf.get(hovered.waitedFor);
    if (other === undefined || other === row) return;
    const at = x(Math.min(hovered.ended, hovered.began + hovered.waited));
    const down = other.y > row.y;
    context.strokeStyle = this.#colours.waiting;
    context.strokeRect(layout.gutter + 0.5, other.y - 1.5, 4000, other.height + 3);
    this.#arrow(at, down ? row.y + row.height + 1 : row.y - 1, at, down ? other.y : other.y + other.height, this.#colours.waiting, 2.5);
  }

  #arrow(x1: number, y1: number, x2: number, y2: number, fill: string, width: number): void {
    const context = this.#context;
    const angle = Math.atan2(y2 - y1, x2 - x1);
    const head = 4 + width * 1.5;
    context.strokeStyle = context.fillStyle = fill;
    context.lineWidth = width;
    context.beginPath();
    context.moveTo(x1, y1);
    context.lineTo(x2 - Math.cos(angle) * head * 0.7, y2 - Math.sin(angle) * head * 0.7);
    context.stroke();
    context.beginPath();
    context.moveTo(x2, y2);
    for (const side of [-0.42, 0.42]) {
      context.lineTo(x2 - Math.cos(angle + side) * head, y2 - Math.sin(angle + side) * head);
    }
    context.fill();
  }

  #names({ data, layout, hovered, marked }: View): void {
    const context = this.#context;
    context.textBaseline = "middle";
    context.textAlign = "right";
    const step = layout.rows.length > 1 ? layout.rows[1]!.y - layout.rows[0]!.y : 26;
    const every = [1, 2, 4, 8, 16, 32].find((each) => each * step >= 13) ?? 64;
    for (const { rank, y, height } of layout.rows) {
      const picked = marked.has(rank) || hovered?.rank === rank || hovered?.waitedFor === rank;
      if (!picked && rank % every !== 0) continue;
      context.font = font(11, picked ? 700 : 400);
      context.fillStyle = picked ? this.#colours.ink : this.#colours.soft;
      if (marked.has(rank)) context.fillText("▸", 12, y + height / 2);
      context.fillText(step >= 13 ? `rank ${rank}` : String(rank), layout.gutter - 8, y + height / 2);
    }
    context.textAlign = "left";
    context.font = font(11, 600);
    context.fillStyle = this.#colours.soft;
    for (const { name, y } of layout.hosts) context.fillText(name, 4, y);
    if (layout.phaseLanes === 0) return;
    context.font = font(11);
    context.textAlign = "right";
    context.fillText("phases", layout.gutter - 8, layout.phasesAt + laneHeight / 2 - 1);
    if (data.timeline.phases.length === 0) return;
  }
}

/** The rank whose phases are in the band: the first that has any. */
export function phasesShown({ timeline }: ReportData): number {
  return timeline.phases.reduce((least, [rank]) => Math.min(least, rank), Number.POSITIVE_INFINITY);
}

/** Calls one by one have room: six pixels for each on average, or the bins are too wide to say anything. */
function isNear({ data, layout, segments, x, width, from, to }: View): boolean {
  if (x(data.timeline.binMs) - x(0) > 60) return true;
  const room = (width - layout.gutter) / 6;
  const most = layout.rows.reduce((sum, { rank }) => sum + segments.count(rank, from, to), 0);
  return most > 0 && most <= room * layout.rows.length;
}

function font(size: number, weight = 400): string {
  return `${weight} ${size}px system-ui, sans-serif`;
}
