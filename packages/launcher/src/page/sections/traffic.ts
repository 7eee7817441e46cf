import type { ReportData, TrafficRow } from "../../performance/report-data.ts";
import { Matrix } from "../charts/matrix.ts";
import { Alternative, add, choice, clear, type Parent, plainTable } from "../parts/dom.ts";
import { bytes, count, counted } from "../parts/units.ts";
import { cellsOf, type Grouping, type Groups, groupsOf, usualGrouping } from "./groups.ts";
import type { Section } from "./section.ts";

type Measure = "bytes" | "messages";
type Origin = "the program's messages" | "within collectives";

interface Choices {
  grouping?: Grouping;
  measure: Measure;
  origin: Origin;
}

const shownPairs = 200;
const empty: Record<Origin, string> = {
  "the program's messages":
    "the program sent no message itself. Choose “within collectives” above for what its collectives sent.",
  "within collectives": "no collective sent a message. Ranks of one host mostly need none: they share memory.",
};

export const trafficSection: Section = {
  id: "traffic",
  title: "Messages and bytes",
  intro:
    "What the rank of a row sent to the rank of a column. Traffic between hosts costs the most: ranks that exchange much belong on one host.",
  create(parent) {
    const bar = add(parent, "div", "toolbar");
    const choices: Choices = { measure: "bytes", origin: "the program's messages" };
    let last: ReportData | undefined;
    const change = (changed: Partial<Choices>): void => {
      Object.assign(choices, changed);
      if (last !== undefined) draw(last);
    };
    const grouped = add(bar, "div", "holder");
    choice<Measure>(bar, "What is counted", ["bytes", "messages"], choices.measure, (measure) => change({ measure }));
    const origins: Origin[] = ["the program's messages", "within collectives"];
    choice<Origin>(bar, "Which messages", origins, choices.origin, (origin) => change({ origin }));
    const pair = add(parent, "div", "pair");
    const matrix = new Matrix(add(pair, "div", "chart"), "Heat map: who sent how much to whom");
    const side = add(pair, "div", "side");
    const table = new Alternative(parent);
    const draw = (data: ReportData): void => {
      const groups = groupsOf(data, choices.grouping ?? usualGrouping(data));
      drawMatrix(matrix, data, groups, choices);
      drawTotals(side, data);
      bar.attr("hidden", data.traffic.length === 0 ? "" : null);
      table.update(data.traffic.length === 0 ? undefined : (into) => pairTable(into, data));
    };
    return (data) => {
      if (last === undefined) {
        const both: Grouping[] = ["by rank", "by host"];
        choice<Grouping>(grouped, "Rows", both, usualGrouping(data), (grouping) => change({ grouping }));
      }
      last = data;
      draw(data);
    };
  },
};

function drawMatrix(matrix: Matrix, { traffic }: ReportData, groups: Groups, { measure, origin }: Choices): void {
  const field = (origin === "within collectives" ? 4 : 2) + (measure === "bytes" ? 1 : 0);
  const write = measure === "bytes" ? bytes : count;
  const sums = [2, 3, 4, 5].map(
    (each) =>
      new Map(
        cellsOf(
          traffic.map((row) => [row[0], row[1], row[each]!]),
          groups,
        ).map(([row, column, value]) => [`${row},${column}`, value]),
      ),
  );
  matrix.update({
    names: groups.names,
    rowTitle: "sender",
    columnTitle: "receiver",
    cells: cellsOf(
      traffic.map((row) => [row[0], row[1], row[field]!]),
      groups,
    ),
    scale: "logarithmic",
    write,
    explain: (row, column) => {
      const [messages, data, inner, innerData] = sums.map((each) => each.get(`${row},${column}`) ?? 0) as [
        number,
        number,
        number,
        number,
      ];
      return [
        `${groups.title} ${groups.names[row]} to ${groups.title} ${groups.names[column]}`,
        `${counted(messages, "message")}, ${bytes(data)}`,
        `within collectives: ${counted(inner, "message")}, ${bytes(innerData)}`,
      ];
    },
    empty: traffic.length === 0 ? "no rank sent a message." : empty[origin],
  });
}

function drawTotals(parent: Parent, data: ReportData): void {
  clear(parent);
  if (data.traffic.length === 0) return;
  const hosts = groupsOf(data, "by host");
  const isBetween = ([from, to]: TrafficRow): boolean => hosts.of(from) !== hosts.of(to);
  const sum = (rows: readonly TrafficRow[], field: number): number =>
    rows.reduce((total, row) => total + row[field]!, 0);
  const between = data.traffic.filter(isBetween);
  const within = data.traffic.filter((row) => !isBetween(row));
  add(parent, "h3", "", "Totals");
  const line = (name: string, rows: readonly TrafficRow[], field: number): string[] => {
    const messages = sum(rows, field);
    const volume = sum(rows, field + 1);
    return [name, count(messages), bytes(volume), messages === 0 ? "–" : bytes(volume / messages)];
  };
  plainTable(
    parent,
    ["", "Messages", "Data", "Mean size"],
    [
      line("program, within a host", within, 2),
      line("program, between hosts", between, 2),
      line("collectives, within a host", within, 4),
      line("collectives, between hosts", between, 4),
    ],
  );
}

function pairTable(into: Parent, { traffic }: ReportData): void {
  const rows = [...traffic].sort((a, b) => b[3] + b[5] - a[3] - a[5]).slice(0, shownPairs);
  const titles = ["From", "To", "Messages", "Bytes", "Messages within collectives", "Bytes within collectives"];
  const texts = rows.map(([from, to, messages, data, inner, innerData]) => {
    const sizes = [count(messages), bytes(data), count(inner), bytes(innerData)];
    return [`rank ${from}`, `rank ${to}`, ...sizes];
  });
  plainTable(into, titles, texts);
}
