import { type Shares, sharesOf } from "./bins.ts";
import { clipToRows, Frame } from "./frame.ts";
import type { Row } from "./layout.ts";
import type { Kind, Segment } from "./segments.ts";
import { coloursNow, font, type View } from "./view.ts";

/** The name of a call, which is written over its rectangle if it fits. */
interface Label {
  segment: Segment;
  left: number;
  right: number;
}

/** From the bottom of a row to its top. */
const stacked: readonly Kind[] = ["task", "map", "collective", "message"];
/** On average there is one arrow in so many pixels of a row at most: more would hide what they connect. */
const pixelsPerArrow = 300;
const fewArrows = 8;
const lowRow = 12;
/** Words on a call that is no message: dark in both themes. */
const onOthers = "#14171a";

/** Draws the timeline on its canvas. */
export class Painter {
  readonly #context: CanvasRenderingContext2D;
  readonly #colours = coloursNow();
  readonly #frame: Frame;

  constructor(context: CanvasRenderingContext2D) {
    this.#context = context;
    this.#frame = new Frame(context, this.#colours);
  }

  /** True: calls one by one; false: what the bins say. */
  paint(view: View): boolean {
    const { layout, width } = view;
    const context = this.#context;
    context.clearRect(0, 0, width, layout.height);
    const near = isNear(view);
    this.#frame.paintBehind(view);
    context.save();
    clipToRows(context, view);
    for (const row of layout.rows) this.#row(view, row, near);
    if (near) this.#arrows(view);
    this.#hovered(view);
    context.restore();
    this.#frame.paintNames(view);
    return near;
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
    if (!near) return;
    const labels: Label[] = [];
    view.segments.each(row.rank, view.from, view.to, (segment) => {
      const { left, right } = this.#segment(view, row, segment);
      // A call within a call hides the name of the outer one.
      const last = labels.at(-1);
      if (last !== undefined && left < last.right - 1) labels.pop();
      labels.push({ segment, left, right });
    });
    for (const label of labels) this.#label(row, label);
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
      if (shares !== undefined) this.#share(shares, at, step, row, strength);
    }
    context.globalAlpha = 1;
  }

  #share(shares: Shares, x: number, width: number, row: Row, strength: number): void {
    if (row.height < lowRow) this.#tint(shares, x, width, row, strength);
    else this.#stack(shares, x, width, row);
  }

  /** The colour of what takes the most time but computing, the stronger the more of it. Parts of a low row would be too small. */
  #tint(shares: Shares, x: number, width: number, { y, height }: Row, strength: number): void {
    const most = stacked.reduce((best, each) => (shares[each] > shares[best] ? each : best));
    const context = this.#context;
    context.globalAlpha = strength * (1 - shares.computing);
    context.fillStyle = this.#colours[most];
    context.fillRect(x, y, width + 0.3, height);
    context.globalAlpha = strength;
  }

  #stack(shares: Shares, x: number, width: number, { y, height }: Row): void {
    let bottom = y + height;
    for (const kind of stacked) {
      const part = shares[kind] * height;
      if (part < 0.05) continue;
      this.#context.fillStyle = this.#colours[kind];
      this.#context.fillRect(x, bottom - part, width + 0.3, part);
      bottom -= part;
    }
  }

  #segment(view: View, { y, height }: Row, segment: Segment): { left: number; right: number } {
    const context = this.#context;
    const left = Math.max(view.layout.gutter - 2, view.x(segment.began));
    const right = Math.min(view.width + 2, view.x(segment.ended));
    const width = Math.max(0.7, right - left - (right - left > 3 ? 0.7 : 0));
    context.fillStyle = this.#colours[segment.kind];
    context.fillRect(left, y, width, height);
    const waitedTo = Math.min(view.x(segment.began + segment.waited), left + width);
    if (segment.waited > 0 && waitedTo - left > 0.3 && segment.kind !== "map") {
      const high = height < 8 ? height : Math.max(4, Math.round(height * 0.36));
      context.fillStyle = this.#colours.waiting;
      context.fillRect(left, y + height - high, waitedTo - left, high);
    }
    return { left, right: left + width };
  }

  #label({ y, height }: Row, { segment, left, right }: Label): void {
    const context = this.#context;
    const width = right - left;
    if (height < 18 || width < 34) return;
    context.font = font(10.5);
    if (context.measureText(segment.operation).width > width - 10) return;
    context.textAlign = "left";
    context.fillStyle = segment.kind === "message" ? this.#colours["on-message"] : onOthers;
    context.fillText(segment.operation, left + 5, y + height * 0.34);
  }

  #arrows({ data, layout, x, from, to, width }: View): void {
    const { arrows } = data.timeline;
    const shown: [number, number, number, number][] = [];
    for (let i = 0; i < arrows.length; i += 6) {
      const [source, target, sent, received] = arrows.slice(i, i + 4) as [number, number, number, number];
      if (received >= from && sent <= to) shown.push([source, target, sent, received]);
    }
    const room = (layout.rows.length * (width - layout.gutter)) / pixelsPerArrow;
    if (shown.length > Math.max(fewArrows, room)) return;
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
    this.#arrow(
      at,
      down ? row.y + row.height + 1 : row.y - 1,
      at,
      down ? other.y : other.y + other.height,
      this.#colours.waiting,
      2.5,
    );
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
}

/** Calls one by one have room: six pixels for each on average, or the bins are too wide to say anything. */
function isNear({ data, layout, segments, x, width, from, to }: View): boolean {
  if (x(data.timeline.binMs) - x(0) > 60) return true;
  const room = (width - layout.gutter) / 6;
  const most = layout.rows.reduce((sum, { rank }) => sum + segments.count(rank, from, to), 0);
  return most > 0 && most <= room * layout.rows.length;
}
