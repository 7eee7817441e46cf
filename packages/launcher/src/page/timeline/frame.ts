import type { ReportData } from "../../performance/report-data.ts";
import { timeTicks } from "../parts/units.ts";
import { axisHeight, depthOf, laneHeight } from "./layout.ts";
import { type Colours, font, type View } from "./view.ts";

/** Draws what is around the rows: the axis, the band of phases, the names of ranks and hosts. */
export class Frame {
  readonly #context: CanvasRenderingContext2D;
  readonly #colours: Colours;

  constructor(context: CanvasRenderingContext2D, colours: Colours) {
    this.#context = context;
    this.#colours = colours;
  }

  /** Below the rows. */
  paintBehind(view: View): void {
    this.#axis(view);
    this.#context.save();
    clipToRows(this.#context, view);
    this.#phases(view);
    this.#context.restore();
  }

  #axis({ ticks, x, layout, width }: View): void {
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
      const text = `${write(tick)} ${unit}`;
      context.fillText(text, Math.min(at, width - context.measureText(text).width / 2), 9);
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

  /** Beside the rows. */
  paintNames({ layout, hovered, marked }: View): void {
    const step = layout.rows.length > 1 ? layout.rows[1]!.y - layout.rows[0]!.y : 26;
    const every = [1, 2, 4, 8, 16, 32].find((each) => each * step >= 13) ?? 64;
    const picked = new Set([...marked, hovered?.rank, hovered?.waitedFor]);
    for (const { rank, y, height } of layout.rows) {
      if (!picked.has(rank) && rank % every !== 0) continue;
      const style = picked.has(rank) ? font(11, 700) : font(11);
      const text = step >= 13 ? `rank ${rank}` : String(rank);
      this.#left(marked.has(rank) ? `▸ ${text}` : text, layout.gutter, y + height / 2, style);
    }
    for (const { name, y } of layout.hosts) this.#text(name, layout.gutter + 1, y, font(11, 600));
    if (layout.phaseLanes > 0) this.#left("phases", layout.gutter, layout.phasesAt + laneHeight / 2 - 1, font(11));
  }

  /** Left of the rows. */
  #left(text: string, gutter: number, y: number, style: string): void {
    this.#context.font = style;
    this.#text(text, gutter - 8 - this.#context.measureText(text).width, y, style);
  }

  #text(text: string, x: number, y: number, style: string): void {
    const context = this.#context;
    context.font = style;
    context.textAlign = "left";
    context.textBaseline = "middle";
    context.fillStyle = this.#colours.soft;
    context.fillText(text, x, y);
  }
}

/** The rank whose phases are in the band: the first that has any. */
export function phasesShown({ timeline }: ReportData): number {
  return timeline.phases.reduce((least, [rank]) => Math.min(least, rank), Number.POSITIVE_INFINITY);
}

/** Nothing of what follows is drawn over the names. */
export function clipToRows(context: CanvasRenderingContext2D, { layout, width }: View): void {
  context.beginPath();
  context.rect(layout.gutter, 0, width - layout.gutter, layout.height);
  context.clip();
}
