import { isRate, type Judged } from "./bars.ts";
import type { Machine } from "./machine.ts";
import type { Results, Row, Table } from "./measure.ts";

/** All tables in markdown, the machine first. */
export function markdown({ machine, tables }: Results): string {
  return [sentenceOf(machine), ...Object.values(tables).map(tableOf)].join("\n\n");
}

/** One table in markdown: medians, ratios of tsmpi over each peer, and bars. */
export function tableOf(table: Table): string {
  const present = table.contenders.filter((name) => table.rows.some(({ medians }) => name in medians));
  const head = present.flatMap((name) => (name === "tsmpi" ? [name] : [name, "ratio"]));
  const judged = table.rows.some(({ bars }) => bars.length > 0);
  const lines = table.rows.map((row) => line([row.row, ...cellsOf(row, present), ...(judged ? [barsOf(row)] : [])]));
  const columns = ["", ...head, ...(judged ? ["bar"] : [])];
  const rounds = `Medians of ${table.rounds} round${table.rounds === 1 ? "" : "s"}, ${table.measured.slice(0, 10)}.`;
  const notes = Object.entries(table.missing).map(([name, why]) => `Missing: ${name}: ${why}.`);
  const body = table.rows.length === 0 ? [] : [line(columns), line(columns.map(() => "---")), ...lines, ""];
  return [`### ${table.title}`, "", ...body, [rounds, ...notes].join(" ")].join("\n");
}

function cellsOf({ row, medians, ratios }: Row, names: readonly string[]): string[] {
  return names.flatMap((name) => {
    const value = medians[name];
    const cell = value === undefined ? "" : digits(value);
    const ratio = ratios[name];
    if (name === "tsmpi") return [cell];
    return [cell, ratio === undefined ? "" : `${digits(ratio)}${isRate(row) ? " (rate)" : ""}`];
  });
}

function barsOf({ row, bars }: Row): string {
  const say = ({ against, ratio, met }: Judged): string =>
    `${isRate(row) ? "at least" : "at most"} ${digits(ratio)} of ${against}: ${met ? "met" : "NOT MET"}`;
  return bars.map(say).join("; ");
}

function line(cells: readonly string[]): string {
  return `| ${cells.join(" | ")} |`;
}

/** Three digits, or more if more are before the point. */
function digits(value: number): string {
  return value >= 1000 ? value.toFixed(0) : value.toPrecision(3);
}

function sentenceOf({ cpu, cores, memoryGB, kernel, node, python, mpi, mpi4py, libzmq, dask }: Machine): string {
  const software = { Node: node, Python: python, MPI: mpi, mpi4py, libzmq, "Dask distributed": dask };
  const versions = Object.entries(software).map(([name, version]) => `${name} ${version ?? "missing"}`);
  return `Machine: ${cpu}, ${cores} cores, ${memoryGB} GB, Linux ${kernel}; ${versions.join(", ")}.`;
}
