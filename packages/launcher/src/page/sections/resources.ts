import type { ReportData, ResourceSeries } from "../../performance/report-data.ts";
import { drawLines, type Line } from "../charts/lines.ts";
import { Alternative, add, clear, nothing, type Parent, plainTable, widthOf } from "../parts/dom.ts";
import { bytes, count, digits, duration } from "../parts/units.ts";
import type { Section } from "./section.ts";

const mebi = 1024 * 1024;

const charts: readonly { title: string; write(value: number): string; of(series: ResourceSeries): number[] }[] = [
  { title: "Memory of the process (RSS)", write: (value) => bytes(value * mebi), of: ({ rss }) => rss },
  { title: "JavaScript heap in use", write: (value) => bytes(value * mebi), of: ({ heap }) => heap },
  { title: "CPUs in use", write: digits, of: ({ cpu }) => cpu },
  { title: "Event loop late by", write: duration, of: ({ stall }) => stall },
];

export const resourcesSection: Section = {
  id: "resources",
  title: "Memory and CPU",
  intro:
    "A line is a rank; the one with the highest peak is coloured. Of more than 32 ranks the area from the least to the most is drawn, with the median.",
  create(parent) {
    const body = add(parent, "div");
    const table = new Alternative(parent);
    return (data) => {
      const measured = data.resources.filter(({ at }) => at.length > 0);
      if (measured.length === 0) {
        nothing(body, "no measurement was taken. Very short runs end before the first.");
      } else drawAll(body, measured, data);
      table.update(measured.length === 0 ? undefined : (into) => peakTable(into, data.resources));
    };
  },
};

function drawAll(parent: Parent, measured: readonly ResourceSeries[], data: ReportData): void {
  clear(parent);
  const pair = add(parent, "div", "pair halves");
  for (const { title, write, of } of charts) {
    const chart = add(pair, "div", "chart");
    const lines: Line[] = measured.map((series) => ({
      name: `rank ${series.rank}`,
      at: series.at,
      values: of(series),
    }));
    const label = `Lines over time: ${title}, of each rank`;
    drawLines(chart, { label, title, width: widthOf(chart), height: 204, lines, until: data.ending.ms, write });
  }
}

function peakTable(into: Parent, resources: readonly ResourceSeries[]): void {
  const rows = resources.map(({ rank, rss, heap, cpu, stall, gcCount, gcMs }) => [
    `rank ${rank}`,
    bytes(Math.max(0, ...rss) * mebi),
    bytes(Math.max(0, ...heap) * mebi),
    digits(cpu.reduce((sum, each) => sum + each, 0) / Math.max(1, cpu.length)),
    duration(Math.max(0, ...stall)),
    count(gcCount),
    duration(gcMs),
  ]);
  const titles = [
    "Rank",
    "Most memory",
    "Most heap",
    "CPUs, mean",
    "Event loop late, most",
    "Garbage collections",
    "Time in them",
  ];
  plainTable(into, titles, rows);
}
