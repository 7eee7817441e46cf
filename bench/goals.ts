import { isRate } from "./bars.ts";
import { median, type Results, type Row, ratiosOfRounds } from "./measure.ts";

/** Some rows of a table. */
export interface Selection {
  readonly table: string;
  readonly row?: RegExp;
  /** In bytes, both included. A row without a size has 0. */
  readonly sizes?: readonly [least: number, most: number];
}

export const small = [0, 8192] as const;
export const large = [64 << 10, 4 << 20] as const;

/**
 * What tsmpi is to reach beside mpi4py, mostly from the first call on: a figure of the ratios of each operation, at most this. A goal in
 * microseconds is about tsmpi alone, because nothing that the peer does is like it.
 */
interface Goal extends Selection {
  readonly title: string;
  readonly figure: "median" | "worst";
  readonly most: number;
  readonly unit?: "us";
}

const goals: readonly Goal[] = [
  { title: "Whole programs", table: "cold-programs", figure: "worst", most: 1 },
  { title: "Kernels, whole command", table: "cold-kernels", row: /whole command/, figure: "worst", most: 1 },
  { title: "Loops 10/100, up to 8 KiB", table: "cold-loops-2-100", sizes: small, figure: "median", most: 5 },
  { title: "Loops 100/1,000, up to 8 KiB", table: "cold-loops-2-1000", sizes: small, figure: "median", most: 1.5 },
  { title: "Loops 10/100, 64 KiB to 4 MiB", table: "cold-loops-2-100", sizes: large, figure: "worst", most: 1.2 },
  { title: "Kernels, own time", table: "cold-kernels", row: /, a (turn|step) \(us\)$/, figure: "worst", most: 2 },
  { title: "Nothing compiled", table: "cold-interpreted", row: /^number/, figure: "worst", most: 12, unit: "us" },
  { title: "Nothing compiled", table: "cold-interpreted", row: /^barrier/, figure: "worst", most: 4, unit: "us" },
  {
    title: "Nothing compiled",
    table: "cold-interpreted",
    row: /^allreduce of a number/,
    figure: "worst",
    most: 6,
    unit: "us",
  },
  { title: "Start and end of 8 ranks", table: "start-8", figure: "worst", most: 1 },
  { title: "Hot", table: "point-to-point", row: /^object, round trip/, figure: "worst", most: 0.48 },
  { title: "Hot", table: "point-to-point", row: /^objects, one way/, figure: "worst", most: 0.5 },
];

/** A goal for one operation or program. */
export interface Outcome extends Goal {
  /** The operation or program; if the worst counts, the row that is the worst. */
  readonly of: string;
  /** The median of the rounds. Undefined: not measured. */
  readonly measured: number | undefined;
  /** The least and the most of single rounds. */
  readonly spread: Spread | undefined;
  /** A goal that was not measured is not met. */
  readonly met: boolean;
}

export type Spread = readonly [least: number, most: number];

function spreadOf(values: readonly number[]): Spread | undefined {
  return values.length === 0 ? undefined : [Math.min(...values), Math.max(...values)];
}

/** All goals, for each operation or program, with what was measured. */
export function outcomesOf(tables: Results): Outcome[] {
  return goals.flatMap((goal) => {
    const groups = new Map<string, Row[]>();
    for (const row of select(tables, goal))
      groups.set(groupOf(row.row), [...(groups.get(groupOf(row.row)) ?? []), row]);
    if (groups.size === 0) return [{ ...goal, of: "all", measured: undefined, spread: undefined, met: false }];
    return [...groups].map(([of, rows]) => outcomeOf(goal, of, rows));
  });
}

function outcomeOf(goal: Goal, of: string, rows: readonly Row[]): Outcome {
  const isTime = goal.unit !== undefined;
  const byRow = rows.map((row) => (isTime ? row.rounds["tsmpi"]! : timeRatios(row)));
  const rounds = Math.min(...byRow.map(({ length }) => length));
  const ofRounds = Array.from({ length: rounds }, (_, round) => median(byRow.map((values) => values[round]!)));
  const medians = byRow.map((values) => median(values));
  const worst = medians.indexOf(Math.max(...medians));
  const values = goal.figure === "median" ? ofRounds : byRow[worst]!;
  const measured = median(values);
  const name = goal.figure === "median" ? of : nameOf(rows[worst]!.row);
  return { ...goal, of: name, measured, spread: spreadOf(values), met: measured <= goal.most };
}

/** The rows that both tsmpi and mpi4py have. */
export function select(tables: Results, { table, row: name, sizes }: Selection): Row[] {
  return (tables[table]?.rows ?? []).filter(({ row, ratios }) => {
    const bytes = bytesOf(row);
    if (sizes !== undefined && (bytes < sizes[0] || bytes > sizes[1])) return false;
    return ratios["mpi4py"] !== undefined && (name?.test(row) ?? true);
  });
}

/** tsmpi's time over mpi4py's. Of rates the inverse, so that less is always better. */
export function ratioOf(row: Row): number {
  return median(timeRatios(row));
}

/** The same of each round. */
function timeRatios({ row, rounds }: Row): number[] {
  const ratios = ratiosOfRounds(rounds, "mpi4py");
  return isRate(row) ? ratios.map((ratio) => 1 / ratio) : ratios;
}

/** The least and the most that single rounds gave. */
export function spreadOfRow(row: Row): Spread | undefined {
  return spreadOf(timeRatios(row));
}

/** `allreduce of 8 KiB (us)` has 8192 bytes, a row without a size none. */
export function bytesOf(row: string): number {
  const [, value, unit] = / of (\d+) (B|KiB|MiB) \(/.exec(row) ?? [];
  return value === undefined ? 0 : Number(value) * { B: 1, KiB: 1 << 10, MiB: 1 << 20 }[unit as "B" | "KiB" | "MiB"];
}

/** What a row is about, without size, number of calls and unit. */
export function groupOf(row: string): string {
  return nameOf(row)
    .replace(/ of \d+ (B|KiB|MiB)$/, "")
    .replace(/^[\d,]+ calls of /, "")
    .replace(/, (whole command|a step|a turn)$/, "");
}

/** A row without its unit. */
function nameOf(row: string): string {
  return row.replace(/ \([^()]*\)$/, "");
}
