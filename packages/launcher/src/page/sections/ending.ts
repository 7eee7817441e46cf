import type { StuckRank } from "../../recording/recording.ts";
import { box, drawNetwork, type Edge } from "../charts/network.ts";
import { add, clear, type Parent, plainTable, widthOf } from "../parts/dom.ts";
import { duration } from "../parts/units.ts";
import type { Section } from "./section.ts";

/** More boxes than that do not fit on the page. */
const mostBoxes = 12;

export const endingSection: Section = {
  id: "ending",
  title: "How it ended",
  intro: "",
  create(parent) {
    const body = add(parent, "div");
    return ({ ending, live }) => {
      clear(body);
      const line = add(body, "p", "outcome");
      if (live) {
        line.text(`The job is running, for ${duration(ending.ms)} so far.`);
        return;
      }
      const good = ending.exitCode === 0;
      add(line, "span", good ? "badge good" : "badge bad", `exit code ${ending.exitCode}`);
      add(
        line,
        "span",
        "",
        ` after ${duration(ending.ms)}${good && ending.words.length === 0 ? ". All ranks ended well." : "."}`,
      );
      const list = add(body, "ul", "words");
      for (const each of ending.words) addWords(add(list, "li"), each);
      if (ending.deadlock !== undefined && ending.deadlock.length > 0) drawDeadlock(body, ending.deadlock);
    };
  },
};

/** The launcher's words can go on with a table, whose columns are aligned by spaces. */
function addWords(entry: Parent, words: string): void {
  const [first, ...rest] = words.split("\n");
  add(entry, "span", "", first);
  if (rest.length > 0) add(entry, "pre", "scroll", rest.join("\n"));
}

function drawDeadlock(parent: Parent, stuck: readonly StuckRank[]): void {
  add(parent, "h3", "", "The deadlock");
  add(
    parent,
    "p",
    "intro",
    "An arrow leads from a rank to one that it waits for. Orange arrows form a circle: none of its ranks can go on.",
  );
  const cycle = cycleOf(stuck);
  const rest = stuck.filter((each) => !cycle.includes(each));
  const shown = [...cycle, ...rest].slice(0, mostBoxes);
  const chart = add(parent, "div", "chart");
  drawBoxes(chart, shown, new Set(cycle.map(({ rank }) => rank)));
  if (shown.length < stuck.length) add(parent, "p", "note", `Drawn are ${shown.length} of ${stuck.length} ranks.`);
  const rows = stuck.map(({ rank, call, site, ranks }) => [
    `rank ${rank}`,
    call,
    site ?? "",
    ranks?.join(", ") ?? "any",
  ]);
  plainTable(add(parent, "div", "scroll"), ["Rank", "Waits in", "Line", "For ranks"], rows, false);
}

function drawBoxes(parent: Parent, shown: readonly StuckRank[], inCycle: ReadonlySet<number>): void {
  const width = widthOf(parent);
  const places = placesOf(shown.length, width);
  const index = new Map(shown.map(({ rank }, at) => [rank, at]));
  const edges = shown.flatMap(({ rank, ranks, call }, from) =>
    (ranks ?? []).flatMap((other): Edge[] => {
      const to = index.get(other);
      if (to === undefined || to === from) return [];
      const circular = inCycle.has(rank) && inCycle.has(other);
      const words = [`rank ${rank} waits for rank ${other}`, call];
      const style = { width: circular ? 2.5 : 1.5, className: circular ? "circular" : "aside" };
      return [{ from, to, bend: shown.length === 2 ? 0.14 : 0.06, directed: true, ...style, explain: () => words }];
    }),
  );
  const nodes = shown.map(({ rank, call, site, ranks }, at) => ({
    ...places.points[at]!,
    name: `rank ${rank}${ranks === undefined ? " waits for any rank" : ""}`,
    lines: [call, site ?? ""],
    className: inCycle.has(rank) ? "circular" : "",
  }));
  const label = `Directed graph of ${shown.length} ranks that wait for each other`;
  drawNetwork(parent, { label, width, height: places.height, radius: 0, nodes, edges });
}

/** On an ellipse, clockwise from the left. */
function placesOf(boxes: number, width: number): { points: { x: number; y: number }[]; height: number } {
  const used = Math.min(width, 980);
  const height = boxes <= 2 ? 150 : 150 + Math.ceil(boxes / 2) * 92;
  const across = used / 2 - box.width / 2 - 8;
  const down = height / 2 - box.height / 2 - 8;
  const points = Array.from({ length: boxes }, (_, at) => {
    const angle = (2 * Math.PI * at) / boxes + (boxes === 2 ? Math.PI : -Math.PI / 2);
    return {
      x: used / 2 + Math.cos(angle) * (boxes === 2 ? across * 0.7 : across),
      y: height / 2 + Math.sin(angle) * down,
    };
  });
  return { points, height };
}

/** Ranks of which each waits for the next, and the last for the first; empty if there are none. */
function cycleOf(stuck: readonly StuckRank[]): StuckRank[] {
  const byRank = new Map(stuck.map((each) => [each.rank, each]));
  const done = new Set<number>();
  const search = (at: StuckRank, path: StuckRank[]): StuckRank[] => {
    if (path.includes(at)) return path.slice(path.indexOf(at));
    if (done.has(at.rank)) return [];
    done.add(at.rank);
    for (const next of at.ranks ?? []) {
      const other = byRank.get(next);
      const found = other === undefined ? [] : search(other, [...path, at]);
      if (found.length > 0) return found;
    }
    return [];
  };
  for (const each of stuck) {
    const found = search(each, []);
    if (found.length > 0) return found;
  }
  return [];
}
