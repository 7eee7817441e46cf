import type { BalanceRow, ReportData } from "../../performance/report-data.ts";
import { drawBars } from "../charts/bars.ts";
import { Alternative, add, choice, clear, legend, nothing, type Parent, plainTable, widthOf } from "../parts/dom.ts";
import { duration, percent } from "../parts/units.ts";
import type { Section } from "./section.ts";

const parts: readonly { title: string; className: string; of(row: BalanceRow): number }[] = [
  { title: "computing", className: "computing", of: (row) => row.computingMs - row.taskMs },
  { title: "tasks of maps and pools", className: "task", of: (row) => row.taskMs },
  { title: "transfer", className: "transfer", of: (row) => row.transferMs },
  { title: "waiting for other ranks", className: "waiting", of: (row) => row.waitingMs },
];
/** Few bars are not spread over the whole page. */
const widePerRank = 110;
const orders = ["by rank", "by computing time"] as const;

export const balanceSection: Section = {
  id: "balance",
  title: "Balance",
  intro: "How each rank spent its time. Bars that compute for unequal times are work that is divided unequally.",
  create(parent) {
    const bar = add(parent, "div", "toolbar");
    const chart = add(parent, "div", "chart");
    const explained = add(parent, "div");
    const spread = add(parent, "div", "scroll spread");
    const table = new Alternative(parent);
    let last: ReportData | undefined;
    let order: (typeof orders)[number] = "by rank";
    choice(bar, "Order of the bars", orders, order, (chosen) => {
      order = chosen;
      if (last !== undefined) draw(last);
    });
    const draw = ({ balance }: ReportData): void => {
      const rows = [...balance];
      if (order === "by computing time") rows.sort((a, b) => b.computingMs - a.computingMs);
      if (rows.length === 0) nothing(chart, "no rank has recorded how it spent its time.");
      else drawBalance(chart, rows);
      for (const each of [bar, explained, spread]) each.attr("hidden", rows.length === 0 ? "" : null);
      const used = parts.filter(({ of }) => balance.some((row) => of(row) > 0));
      clear(explained);
      legend(
        explained,
        used.map(({ title, className }) => [className, title] as const),
      );
      drawSpread(spread, balance, used);
      table.update(rows.length === 0 ? undefined : (into) => rankTable(into, balance));
    };
    return (data) => {
      last = data;
      draw(data);
    };
  },
};

function drawBalance(parent: Parent, rows: readonly BalanceRow[]): void {
  const mean = rows.reduce((sum, { computingMs }) => sum + computingMs, 0) / rows.length;
  drawBars(parent, {
    label: "Stacked bars: how each rank spent its time",
    width: Math.min(widthOf(parent), Math.max(420, rows.length * widePerRank)),
    height: 280,
    measure: "time",
    below: "rank",
    line: { value: mean, text: `mean computing ${duration(mean)}` },
    bars: rows.map((row) => ({
      name: String(row.rank),
      parts: parts.map(({ className, of }) => ({ className, value: Math.max(0, of(row)) })),
      explain: () => {
        const life = row.computingMs + row.waitingMs + row.transferMs;
        const shown = parts.filter(({ of }) => of(row) > 0);
        return [
          `rank ${row.rank}`,
          ...shown.map(({ title, of }) => `${title} ${duration(of(row))}, ${percent(of(row) / life)}`),
        ];
      },
    })),
  });
}

function drawSpread(parent: Parent, balance: readonly BalanceRow[], used: typeof parts): void {
  clear(parent);
  if (balance.length === 0) return;
  const rows = used.map(({ title, of }) => {
    const sorted = [...balance].sort((a, b) => of(a) - of(b));
    const named = (row: BalanceRow): string => `${duration(of(row))} (rank ${row.rank})`;
    const mean = sorted.reduce((sum, row) => sum + of(row), 0) / sorted.length;
    return [title, named(sorted[0]!), duration(of(sorted[sorted.length >> 1]!)), duration(mean), named(sorted.at(-1)!)];
  });
  plainTable(parent, ["", "Least", "Median", "Mean", "Most"], rows);
}

function rankTable(into: Parent, balance: readonly BalanceRow[]): void {
  const rows = balance.map((row) => [`rank ${row.rank}`, ...parts.map(({ of }) => duration(of(row)))]);
  plainTable(into, ["Rank", "Computing", "Tasks", "Transfer", "Waiting"], rows);
}
