import type { Efficiency, ReportData } from "../../performance/report-data.ts";
import { add, clear, nothing, type Parent } from "../parts/dom.ts";
import { explain } from "../parts/tooltip.ts";
import { duration, percent } from "../parts/units.ts";
import { addValue, tint } from "./efficiency-cell.ts";
import { updateScaling } from "./scaling.ts";
import type { Section } from "./section.ts";

type Metric = "parallel" | "loadBalance" | "communication" | "serialization" | "transfer";

interface Meaning {
  title: string;
  words: string;
  formula: string;
}

const meanings: Record<Metric, Meaning> = {
  parallel: {
    title: "Parallel efficiency",
    words: "share of the time in which the ranks compute",
    formula: "load balance × communication efficiency = mean computing time / time of the run",
  },
  loadBalance: {
    title: "Load balance",
    words: "lost if ranks compute for unequal times",
    formula: "mean computing time of the ranks / longest computing time of a rank",
  },
  communication: {
    title: "Communication efficiency",
    words: "lost in calls, even by the busiest rank",
    formula: "serialization × transfer = longest computing time of a rank / time of the run",
  },
  serialization: {
    title: "Serialization",
    words: "lost to waiting for others that arrive late",
    formula: "longest computing time / time the run would take on a network without cost",
  },
  transfer: {
    title: "Transfer",
    words: "lost to moving the data itself",
    formula: "time the run would take on a network without cost / time of the run",
  },
};

const metrics = Object.keys(meanings) as Metric[];

export const efficiencySection: Section = {
  id: "efficiency",
  title: "How well",
  intro:
    "The efficiencies of the POP centre. Each block is the product of the blocks under it; 100 % is perfect, and below 80 % (orange) it pays to look.",
  create(parent) {
    const blocks = add(parent, "div");
    const phases = add(parent, "div");
    const scaling = add(parent, "div");
    return (data) => {
      const [whole] = data.efficiency;
      if (whole === undefined) nothing(blocks, "the recording has no computing times, because no rank called init().");
      else drawBlocks(blocks, whole);
      drawPhases(phases, data);
      updateScaling(scaling, data);
    };
  },
};

function drawBlocks(parent: Parent, whole: Efficiency): void {
  clear(parent);
  const grid = add(parent, "div", "icicle");
  for (const metric of metrics) {
    const { title, words } = meanings[metric];
    const block = add(grid, "div", `block ${metric}`).attr("tabindex", 0).style("background", tint(whole[metric]));
    const name = add(block, "div", "name", title);
    if (metric === "parallel") add(name, "span", "of", ` of the whole run, ${duration(whole.ms)}`);
    add(block, "div", "value", percent(whole[metric]));
    add(block, "div", "words", words);
    explainMetric(block, metric);
  }
}

function drawPhases(parent: Parent, { efficiency }: ReportData): void {
  clear(parent);
  if (efficiency.length === 0) return;
  add(parent, "h3", "", "By phase");
  const table = add(add(parent, "div", "scroll"), "table", "numbers efficiencies");
  const head = add(add(table, "thead"), "tr");
  add(head, "th", "", "Phase").attr("scope", "col");
  add(head, "th", "", "Time").attr("scope", "col");
  for (const [at, metric] of metrics.entries()) {
    const cell = add(head, "th", at === 2 || at === 4 ? "times" : at === 0 ? "" : "equals").attr("scope", "col");
    explainMetric(add(cell, "span", "explained", meanings[metric].title).attr("tabindex", 0), metric);
  }
  const body = add(table, "tbody");
  for (const row of efficiency) {
    const line = add(body, "tr");
    const name = add(line, "th", row.phase === "" ? "whole" : "phase", row.phase === "" ? "whole run" : row.phase);
    name.attr("scope", "row");
    add(line, "td", "", duration(row.ms));
    for (const metric of metrics) addValue(line, row[metric]);
  }
  if (efficiency.length === 1) {
    const note = "The program names no phases: with world.phase(\"name\", ...) each has a row here.";
    add(parent, "p", "note", note);
  }
}

function explainMetric(element: Parent, metric: Metric): void {
  const { title, formula } = meanings[metric];
  element.attr("aria-description", formula);
  explain(element.node()!, () => [title, `= ${formula}`]);
}
