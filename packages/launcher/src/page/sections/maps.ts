import type { MapReport, ReportData } from "../../performance/report-data.ts";
import { drawBars } from "../charts/bars.ts";
import { Alternative, add, clear, Entries, nothing, type Parent, plainTable, widthOf } from "../parts/dom.ts";
import { count, counted, duration } from "../parts/units.ts";
import type { Links, Section } from "./section.ts";

export const mapsSection: Section = {
  id: "maps",
  title: "Maps and pools",
  intro:
    "Tasks that tsmpi gives to the ranks one after the other. Few long tasks at the end leave all other ranks idle.",
  create(parent, links) {
    const none = add(parent, "div");
    const maps = new Entries<Shown>(add(parent, "div"), (entry) => createMap(entry, links));
    return (data) => {
      clear(none);
      if (data.maps.length === 0) nothing(none, "the program uses no map and no pool.");
      maps.update(data.maps.map((map) => ({ map, data })));
    };
  },
};

interface Shown {
  map: MapReport;
  data: ReportData;
}

function createMap(parent: Parent, links: Links): (shown: Shown) => void {
  const head = add(parent, "h3", "");
  const line = add(parent, "p", "facts");
  const facts = add(line, "span");
  const button = add(line, "button", "quiet", "Show in the timeline").attr("type", "button");
  const pair = add(parent, "div", "pair halves");
  const ranks = add(pair, "div", "chart");
  const durations = add(pair, "div", "chart");
  const longest = add(parent, "div");
  const table = new Alternative(parent, "Tasks by rank as a table");
  return ({ map, data }) => {
    clear(head);
    add(head, "code", "", data.operations[map.operation] ?? "map");
    add(head, "span", "", ` at ${data.sites[map.site] || "a line that is not known"}`);
    facts.text(`${counted(map.tasks, "task")} in ${duration(map.endedAt - map.beganAt)}, ${ending(map)}`);
    button.on("click", () => links.showInTimeline(map.beganAt, map.endedAt, []));
    drawRanks(ranks, map);
    drawDurations(durations, map);
    drawLongest(longest, map);
    table.update((into) => rankTable(into, map));
  };
}

function rankTable(into: Parent, { perRank }: MapReport): void {
  const rows = perRank.map(([rank, tasks, ms]) => [`rank ${rank}`, count(tasks), duration(ms)]);
  plainTable(into, ["Rank", "Tasks", "Time in tasks"], rows);
}

function ending({ retries, failures }: MapReport): string {
  const again = retries === 0 ? "none was repeated" : `${count(retries)} repeated`;
  return `${again}, ${failures === 0 ? "none failed" : `${count(failures)} failed`}`;
}

function drawRanks(parent: Parent, { perRank }: MapReport): void {
  clear(parent);
  add(parent, "h4", "", "Time in tasks, by rank");
  const chart = add(parent, "div");
  drawBars(chart, {
    label: "Bars: time in tasks of each rank",
    width: widthOf(parent),
    height: 210,
    measure: "time",
    below: "rank",
    bars: perRank.map(([rank, tasks, ms]) => ({
      name: String(rank),
      parts: [{ className: "task", value: ms }],
      explain: () => [`rank ${rank}`, counted(tasks, "task"), `${duration(ms)} in tasks`],
    })),
  });
}

function drawDurations(parent: Parent, { durations }: MapReport): void {
  clear(parent);
  add(parent, "h4", "", "Tasks by their duration");
  const chart = add(parent, "div");
  if (durations.length === 0) {
    nothing(chart, "no task has ended.");
    return;
  }
  const sorted = [...durations].sort(([a], [b]) => a - b);
  const tasks = new Map(sorted);
  const bounds: number[] = [];
  for (let bound = sorted[0]![0]; bound <= sorted.at(-1)![0] * 1.0001; bound *= 2) bounds.push(bound);
  drawBars(chart, {
    label: "Histogram of the durations of tasks",
    width: widthOf(parent),
    height: 210,
    measure: "number",
    below: "duration at most",
    bars: bounds.map((bound) => ({
      name: duration(bound),
      parts: [{ className: "task", value: tasks.get(bound) ?? 0 }],
      explain: () => [counted(tasks.get(bound) ?? 0, "task"), `${duration(bound / 2)} to ${duration(bound)}`],
    })),
  });
}

function drawLongest(parent: Parent, { longest, beganAt, endedAt }: MapReport): void {
  clear(parent);
  if (longest.length === 0) return;
  add(parent, "h4", "", "Longest tasks");
  const rows = longest.map(([input, rank, began, ms]) => {
    const after = endedAt - began - ms;
    return [
      `input ${count(input)}`,
      `rank ${rank}`,
      duration(ms),
      duration(began - beganAt),
      after <= 0 ? "–" : duration(after),
    ];
  });
  const box = add(parent, "div", "scroll");
  plainTable(box, ["Task", "Rank", "Took", "Began into the map", "Map went on for"], rows.slice(0, 10));
}
