import type { ReportData } from "../../performance/report-data.ts";
import { colour } from "../parts/theme.ts";
import type { Layout } from "./layout.ts";
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

export type Colours = Record<Kind | "waiting" | "ink" | "soft" | "line" | "phase" | "on-message", string>;

/** The colours of the style sheet in the theme of now. */
export function coloursNow(): Colours {
  const kinds = ["computing", "task", "message", "collective", "map", "waiting"];
  const names = [...kinds, "ink", "soft", "line", "phase", "on-message"];
  return Object.fromEntries(names.map((name) => [name, colour(name)])) as Colours;
}

export function font(size: number, weight = 400): string {
  return `${weight} ${size}px system-ui, sans-serif`;
}
