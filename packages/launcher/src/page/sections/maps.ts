import type { MapReport, ReportData } from "../../performance/report-data.ts";
import { drawBars } from "../charts/bars.ts";
import { add, Alternative, clear, nothing, type Parent, plainTable, widthOf } from "../parts/dom.ts";
import { count, counted, duration } from "../parts/units.ts";
import type { Links, Section } from "./section.ts";

export const mapsSection: Section = {
  id: "maps",
  title: "Maps and pools",
  intro: "Tasks that tsmpi gives to the ranks one after the other. Few long tasks at the end leave all other ranks idle.",
  create(parent, links) {
    const body = add(parent, "div");
    return (data) => {
      if (data.maps.length === 0) return nothing(body, "the program uses no map and no pool.");
      clear(body);
      for (const map of data.maps) drawMap(add(body, "div", "map-report"), map, data, links);
    };
  },
};

function drawMap(parent: Parent, map: MapReport, data: ReportData, links: Links): void {
  const head = add(parent, "h3", "");
  add(head, "code", "", `${data.operations[map.operation] ?? "map"}`);
  add(head, "span", "", ` at ${data.sites[map.site] || "a line that is not known"}`);
  const line = add(parent, "p", "facts");
  const took = duration(map.endedAt - map.beganAt);
  add(line, "span", "", `${counted(map.tasks, "task")} in ${took}, ${ending(map)}`);
  const button = add(line, "button", "quiet", "Show in the timeline").attr("type", "button");
  button.on("click", () => links.showInTimeline(map.beganAt, map.endedAt, []));
  const pair = add(parent, "div", "pair halves");
  drawRanks(add(pair, "div", "chart"), map);
  drawDurations(add(pair, "div", "chart"), map);
  if (map.longest.length > 0) {
    add(parent, "h4", "", "Longest tasks");
    addLongest(parent, map);
  }
  const table = new Alternative(parent, "Tasks by rank as a table");
  table.update((into) =>
    plainTable(
      into,
      ["Rank", "Tasks", "Time in tasks"],
      map.perRank.map(([rank, tasks, ms]) => [`rank ${rank}`, count(tasks), duration(ms)]),
    ),
  );
}

function ending({ retries, failures }: MapReport): string {
  const again = retries === 0 ? "none was repeated" : `${count(retries)} repeated`;
  return `${again}, ${failures === 0 ? "none failed" : `${count(failures)} failed`}`;
}

function drawRanks(parent: Parent, { perRank }: MapReport): void {
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
  add(parent, "h4", "", "Tasks by their duration");
  const chart = add(parent, "div");
  if (durations.length === 0) return nothing(chart, "no task has ended.");
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

function addLongest(parent: Parent, { longest, beganAt, endedAt }: MapReport): void {
  const rows = longest.map(([input, rank, began, ms]) => {
    const after = endedAt - began - ms;
    return [`input ${count(input)}`, `rank ${rank}`, duration(ms), duration(began - beganAt), after <= 0 ? "last" : duration(after)];
  });
  const box = add(parent, "div", "scroll");
  plainTable(box, ["Task", "Rank", "Took", "Began, after the map", "Ended, before the map"], rows.slice(0, 10));
}
