import type { Efficiency } from "../../performance/report-data.ts";
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
    words: "falls if ranks compute for unequal times",
    formula: "mean computing time of the ranks / longest computing time of a rank",
  },
  communication: {
    title: "Communication efficiency",
    words: "falls with the time that the busiest rank spends in calls",
    formula: "serialization × transfer = longest computing time of a rank / time of the run",
  },
  serialization: {
    title: "Serialization",
    words: "falls if ranks wait for late ones",
    formula: "longest computing time / time the run would take on a network without cost",
  },
  transfer: {
    title: "Transfer",
    words: "falls if moving the data takes long",
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
    const none = add(parent, "div");
    const body = add(parent, "div");
    const updateBlocks = addBlocks(body);
    add(body, "h3", "", "By phase");
    const rows = addPhases(body);
    const note = 'The program names no phases: with world.phase("name", ...) each has a row here.';
    const hint = add(body, "p", "note", note);
    const scaling = add(parent, "div");
    return (data) => {
      const [whole] = data.efficiency;
      body.attr("hidden", whole === undefined ? "" : null);
      clear(none);
      if (whole === undefined) nothing(none, "the recording has no computing times, because no rank called init().");
      else updateBlocks(whole);
      drawPhases(rows, data.efficiency);
      hint.attr("hidden", data.efficiency.length > 1 ? "" : null);
      updateScaling(scaling, data);
    };
  },
};

/** The blocks stay while numbers change, so that the one with the focus keeps it. */
function addBlocks(parent: Parent): (whole: Efficiency) => void {
  const grid = add(parent, "div", "icicle");
  const updates = metrics.map((metric) => {
    const { title, words } = meanings[metric];
    const block = add(grid, "div", `block ${metric}`).attr("tabindex", 0);
    const of = add(add(block, "div", "name", title), "span", "of");
    const figure = add(block, "div", "figure");
    const value = add(figure, "span", "value");
    add(figure, "span", "words", words);
    explainMetric(block, metric);
    return (whole: Efficiency): void => {
      block.style("background", tint(whole[metric]));
      value.text(percent(whole[metric]));
      if (metric === "parallel") of.text(` of the whole run, ${duration(whole.ms)}`);
    };
  });
  return (whole) => {
    for (const update of updates) update(whole);
  };
}

function addPhases(parent: Parent): Parent {
  const table = add(add(parent, "div", "scroll"), "table", "numbers efficiencies");
  const head = add(add(table, "thead"), "tr");
  for (const title of ["Phase", "Time"]) add(head, "th", "", title).attr("scope", "col");
  for (const metric of metrics) {
    const cell = add(head, "th").attr("scope", "col");
    explainMetric(add(cell, "span", "explained", meanings[metric].title).attr("tabindex", 0), metric);
  }
  return add(table, "tbody");
}

function drawPhases(rows: Parent, efficiency: readonly Efficiency[]): void {
  clear(rows);
  for (const { phase, ms, ...values } of efficiency) {
    const line = add(rows, "tr");
    add(line, "th", phase === "" ? "whole" : "phase", phase === "" ? "whole run" : phase).attr("scope", "row");
    add(line, "td", "", duration(ms));
    for (const metric of metrics) addValue(line, values[metric]);
  }
}

function explainMetric(element: Parent, metric: Metric): void {
  const { title, formula } = meanings[metric];
  element.attr("aria-description", formula);
  explain(element.node()!, () => [title, `= ${formula}`]);
}
