import { isDeepStrictEqual } from "node:util";
import { isRate, type Judged } from "./bars.ts";
import { bytesOf, groupOf, type Outcome, outcomesOf, ratioOf, type Spread, spreadOfRow } from "./goals.ts";
import type { Machine } from "./machine.ts";
import type { Results, Row, Table } from "./measure.ts";

/** All tables in markdown: machine and goals first. */
export function markdown(tables: Results): string {
  const [first] = Object.values(tables);
  const each = Object.entries(tables).map(([name, table]) => {
    const section = sectionOf(name, table);
    return isDeepStrictEqual(table.machine, first?.machine) ? section : `${section} ${sentenceOf(table.machine)}`;
  });
  const head = first === undefined ? [] : [sentenceOf(first.machine)];
  return [...head, goalsOf(outcomesOf(tables)), barsOfAll(tables), ...each].join("\n\n");
}

export function sectionOf(name: string, table: Table): string {
  return name.startsWith("cold-loops") ? gridOf(table) : tableOf(table);
}

/** Every goal, met or not. */
export function goalsOf(outcomes: readonly Outcome[]): string {
  const head = ["goal", "of", "figure", "measured", "single rounds", "at most", ""];
  const lines = outcomes.map(({ title, of, figure, measured, spread, most, unit = "", met }) => {
    const cell = measured === undefined ? "not measured" : `${digits(measured)} ${unit}`.trim();
    const verdict = met ? "met" : "NOT MET";
    return line([title, of, figure, cell, range(spread), `${most} ${unit}`.trim(), verdict]);
  });
  return ["### Goals", "", line(head), line(head.map(() => "---")), ...lines].join("\n");
}

function barsOfAll(tables: Results): string {
  const all = Object.values(tables).flatMap(({ title, rows }) =>
    rows.flatMap(({ row, bars }) => bars.map(({ against, met }) => ({ met, name: `${title}: ${row}, ${against}` }))),
  );
  const missed = all.filter(({ met }) => !met).map(({ name }) => name);
  const list = missed.length === 0 ? "" : ` Not met: ${missed.join("; ")}.`;
  return `Bars of the hot rows below: ${all.length - missed.length} of ${all.length} met.${list}`;
}

/** A table of loops: sizes down, operations across. A cell has tsmpi's figure and its ratio. */
export function gridOf(table: Table): string {
  const sizes = [...new Set(table.rows.map(({ row }) => bytesOf(row)))].sort((a, b) => a - b);
  const columns = [...new Set(table.rows.map(({ row }) => headOf(row)))];
  const lines = sizes.map((bytes) => {
    const rows = table.rows.filter(({ row }) => bytesOf(row) === bytes);
    const name = /of (\d+ \w+) \(/.exec(rows[0]!.row)?.[1] ?? "no data";
    return line([name, ...columns.map((column) => gridCell(rows.find(({ row }) => headOf(row) === column)))]);
  });
  const head = ["", ...columns];
  const about = "tsmpi, and in brackets its time over mpi4py's (of rates the inverse).";
  return [
    `### ${table.title}`,
    "",
    line(head),
    line(head.map(() => "---")),
    ...lines,
    "",
    `${about} ${notesOf(table)}`,
  ].join("\n");
}

/** The operation with its unit. */
function headOf(row: string): string {
  return `${groupOf(row)} ${/\([^()]*\)$/.exec(row)?.[0] ?? ""}`;
}

function gridCell(row: Row | undefined): string {
  const value = row?.medians["tsmpi"];
  if (row === undefined || value === undefined) return "";
  return row.ratios["mpi4py"] === undefined ? short(value) : `${short(value)} (${short(ratioOf(row))})`;
}

/** One table in markdown: medians, ratios of tsmpi over each peer, and bars. */
export function tableOf(table: Table): string {
  const present = table.contenders.filter((name) => table.rows.some(({ medians }) => name in medians));
  const head = present.flatMap((name) => (name === "tsmpi" ? [name] : [name, "ratio"]));
  const judged = table.rows.some(({ bars }) => bars.length > 0);
  const isPair = isDeepStrictEqual(present, ["tsmpi", "mpi4py"]);
  const lines = table.rows.map((row) => {
    const spread = isPair ? [range(spreadOfRow(row))] : [];
    return line([row.row, ...cellsOf(row, present), ...spread, ...(judged ? [barsOf(row)] : [])]);
  });
  const columns = ["", ...head, ...(isPair ? ["single rounds"] : []), ...(judged ? ["bar"] : [])];
  const body = table.rows.length === 0 ? [] : [line(columns), line(columns.map(() => "---")), ...lines, ""];
  return [`### ${table.title}`, "", ...body, notesOf(table)].join("\n");
}

function notesOf({ rounds, measured, load, missing }: Table): string {
  const about = `Medians of ${rounds} round${rounds === 1 ? "" : "s"}, ${measured.slice(0, 10)}.`;
  const busy = load === undefined ? [] : [`Load average at the start: ${short(load)}.`];
  return [about, ...busy, ...Object.entries(missing).map(([name, why]) => `Missing: ${name}: ${why}.`)].join(" ");
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

/** Two digits, or more if more are before the point. */
export function short(value: number): string {
  return value >= 100 ? value.toFixed(0) : String(Number(value.toPrecision(2)));
}

function range(spread: Spread | undefined): string {
  return spread === undefined ? "" : spread.map(short).join(" to ");
}

function sentenceOf({ cpu, cores, memoryGB, kernel, node, python, mpi, mpi4py, libzmq, dask }: Machine): string {
  const software = { Node: node, Python: python, MPI: mpi, mpi4py, libzmq, "Dask distributed": dask };
  const versions = Object.entries(software).map(([name, version]) => `${name} ${version ?? "missing"}`);
  return `Machine: ${cpu}, ${cores} cores, ${memoryGB} GB, Linux ${kernel}; ${versions.join(", ")}.`;
}
