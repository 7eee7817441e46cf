import type { ReportData } from "../../performance/report-data.ts";
import { Alternative, add, clear, legend, nothing, type Parent, plainTable } from "../parts/dom.ts";
import { duration, percent } from "../parts/units.ts";
import { sharesOf } from "../timeline/bins.ts";
import { kindOf } from "../timeline/segments.ts";
import { TimelineChart } from "../timeline/timeline.ts";
import type { Section } from "./section.ts";

const colours = [
  ["computing", "computing"],
  ["task", "tasks of maps and pools"],
  ["message", "messages"],
  ["collective", "collectives"],
  ["map", "maps and pools: no task to run"],
  ["waiting", "of a call: waiting for another rank"],
] as const;

/** The chart of the section, which others can steer once it is made. */
export class TimelineSection implements Section {
  readonly id = "timeline";
  readonly title = "Timeline";
  readonly intro =
    "What each rank does, from left to right. Far out a row shows shares of time; near enough, it shows single calls and the messages between them. Point at a call to see the rank that it waits for.";
  #chart: TimelineChart | undefined;

  create(parent: Parent): (data: ReportData) => void {
    const none = add(parent, "div");
    const body = add(parent, "div");
    this.#chart = new TimelineChart(body);
    const explained = add(body, "div");
    const note = add(body, "p", "note");
    const table = new Alternative(body, "Shares of the whole run as a table");
    return (data) => {
      const isEmpty = data.ranks.length === 0 || data.ending.ms <= 0;
      body.attr("hidden", isEmpty ? "" : null);
      clear(none);
      if (isEmpty) {
        nothing(none, "no rank has recorded anything.");
        return;
      }
      this.#chart!.update(data);
      clear(explained);
      legend(explained, coloursIn(data));
      note.text(noteOf(data)).attr("hidden", noteOf(data) === "" ? "" : null);
      table.update((into) => shareTable(into, data));
    };
  }

  show(from: number, to: number, ranks: readonly number[]): void {
    this.#chart?.show(from, to, ranks);
  }
}

/** The colours that this run has. */
function coloursIn(data: ReportData): (typeof colours)[number][] {
  const kinds = new Set<string>(["computing", ...data.operations.map(kindOf)]);
  if (data.waitedFor.length > 0 || data.ending.deadlock !== undefined) kinds.add("waiting");
  return colours.filter(([kind]) => kinds.has(kind));
}

function noteOf({ ranks }: ReportData): string {
  const lost = ranks.filter(({ complete }) => !complete);
  if (lost.length === 0) return "";
  const words = lost
    .slice(0, 6)
    .map(({ rank, lastCall }) => `rank ${rank}${lastCall === undefined ? "" : ` (last call: ${lastCall})`}`);
  const more = lost.length > 6 ? ` and ${lost.length - 6} more` : "";
  return `The recording is not complete for ${words.join(", ")}${more}: what they did last may be missing.`;
}

function shareTable(into: Parent, { ranks, timeline, ending }: ReportData): void {
  const rows = ranks.map(({ rank, joinedAt, leftAt }) => {
    const shares = sharesOf(timeline, rank, 0, ending.ms);
    const texts =
      shares === undefined ? [] : [shares.computing, shares.task, shares.message, shares.collective, shares.map];
    return [String(rank), duration(joinedAt), duration(leftAt), ...texts.map(percent)];
  });
  plainTable(into, ["Rank", "Joined", "Left", "Computing", "Tasks", "Messages", "Collectives", "Maps and pools"], rows);
}
