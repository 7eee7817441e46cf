import type { ReportData } from "../../performance/report-data.ts";

/** Where the row of a rank is, in CSS pixels from the canvas's top. */
export interface Row {
  rank: number;
  y: number;
  height: number;
}

/** Where everything of the timeline is, but for time itself. */
export interface Layout {
  /** Columns left of the rows, for names. */
  gutter: number;
  /** Lanes of phases: one for each depth of nesting. */
  phaseLanes: number;
  phasesAt: number;
  rows: Row[];
  /** By rank. */
  rowOf: Map<number, Row>;
  hosts: { name: string; y: number }[];
  height: number;
}

export const axisHeight = 24;
export const laneHeight = 18;
const hostHeight = 20;
const wanted = 620;

/** Rows grouped by host, as high as there is room for. */
export function layoutOf(data: ReportData): Layout {
  const lanes = data.timeline.phases.reduce((most, [, , , phase]) => Math.max(most, depthOf(data, phase) + 1), 0);
  const hosts = data.about.hosts;
  const named = hosts.length > 1;
  const step = Math.max(2, Math.min(26, Math.floor(wanted / Math.max(1, data.ranks.length))));
  const layout: Layout = {
    gutter: 64,
    phaseLanes: lanes,
    phasesAt: axisHeight,
    rows: [],
    rowOf: new Map(),
    hosts: [],
    height: 0,
  };
  let y = axisHeight + lanes * laneHeight + (lanes > 0 ? 8 : 4);
  for (const [index, host] of hosts.entries()) {
    const ranks = data.ranks.filter((each) => each.host === index);
    if (ranks.length === 0) continue;
    if (named) {
      layout.hosts.push({ name: host.name, y: y + hostHeight / 2 + 2 });
      y += hostHeight;
    }
    for (const { rank } of ranks) {
      const row = { rank, y, height: step - (step >= 6 ? 2 : 0) };
      layout.rows.push(row);
      layout.rowOf.set(rank, row);
      y += step;
    }
    if (named) y += 4;
  }
  layout.height = y + 6;
  return layout;
}

/** `solve/halo` is within `solve`. */
export function depthOf(data: ReportData, phase: number): number {
  return (data.phases[phase] ?? "").split("/").length - 1;
}
