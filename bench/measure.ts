import { loadavg } from "node:os";
import { type Judged, judge } from "./bars.ts";
import type { Contender, Step } from "./contender.ts";
import type { Machine } from "./machine.ts";

/** The same work by several programs. The first contender is `tsmpi`. */
export interface Work {
  /** Its name for `--only` and in `bars.ts`. */
  readonly name: string;
  readonly title: string;
  /** What each contender runs, one after the other. Without it: one program, which prints all rows. */
  readonly steps?: readonly Step[];
  /** Why no contender can do it on this machine. */
  readonly missing?: string | undefined;
  readonly contenders: (place: Place) => readonly Contender[];
  /** Makes the place where it runs, if that is not this machine as it is. */
  readonly make?: () => Promise<Place>;
}

/** The place where a work runs; {@link remove} removes it. */
export interface Place {
  remove(): void;
}

export interface Row {
  readonly row: string;
  /** By contender. */
  readonly medians: Readonly<Record<string, number>>;
  readonly rounds: Readonly<Record<string, readonly number[]>>;
  /** tsmpi over each other: the median of the rounds' ratios, because what is measured right after each other compares best. */
  readonly ratios: Readonly<Record<string, number>>;
  readonly bars: readonly Judged[];
}

export interface Table {
  readonly title: string;
  readonly machine: Machine;
  readonly rounds: number;
  /** ISO 8601, UTC. */
  readonly measured: string;
  /** The load average at the start: above the number of ranks, other programs ran too. */
  readonly load?: number;
  readonly contenders: readonly string[];
  /** Contenders that are missing in the table, or in some rounds, and why. */
  readonly missing: Readonly<Record<string, string>>;
  readonly rows: readonly Row[];
}

/** The content of `results/latest.json`: a table for each work, in the order of the report. */
export type Results = Readonly<Record<string, Table>>;

/**
 * Runs a work's contenders in turn, step by step in several rounds, so that other load of the machine affects all of them. Every
 * other round the last contender is first. A contender that fails is named in `missing` with its reason, and the others go on.
 */
export async function measure(work: Work, rounds: number, machine: Machine): Promise<Table> {
  const values: Values = new Map();
  const about = { title: work.title, machine, rounds, measured: new Date().toISOString(), load: loadavg()[0]! };
  if (work.missing !== undefined) return { ...about, contenders: [], missing: { all: work.missing }, rows: [] };
  const place = (await work.make?.()) ?? { remove: () => {} };
  try {
    const contenders = work.contenders(place);
    const missing: Record<string, string> = {};
    for (const { name, missing: why } of contenders) if (why !== undefined) missing[name] = why;
    for (let round = 0; round < rounds; round++) {
      const inTurn = round % 2 === 0 ? contenders : contenders.toReversed();
      for (const step of work.steps ?? [onlyStep]) await oneStep(step, inTurn, values, missing, round);
    }
    const rows = [...values].map(([row, of]) => summarise(work.name, row, of));
    return { ...about, contenders: contenders.map(({ name }) => name), missing, rows };
  } finally {
    place.remove();
  }
}

/** By row, then by contender. */
type Values = Map<string, Record<string, number[]>>;

const onlyStep: Step = { program: [""] };

/** A contender that failed in a step is not asked for that step again; its other steps go on. */
async function oneStep(
  step: Step,
  contenders: readonly Contender[],
  values: Values,
  missing: Record<string, string>,
  round: number,
): Promise<void> {
  for (const contender of contenders) {
    const name = [contender.name, ...step.program].join(" ").trim();
    if (missing[contender.name] !== undefined || missing[name] !== undefined) continue;
    await one(step, contender, values).catch((error: unknown) => {
      missing[name] = `round ${round + 1} ${(error as Error).message}`;
    });
  }
}

async function one(step: Step, { name, run }: Contender, values: Values): Promise<void> {
  const began = performance.now();
  const output = await run(step);
  const rows = rowsOf(output);
  if (step.wall !== undefined) rows.push({ row: step.wall, value: Math.round(performance.now() - began) / 1000 });
  if (rows.length === 0) throw new Error("printed no rows");
  for (const { row, value } of rows) {
    const of = values.get(row) ?? {};
    values.set(row, of);
    of[name] = [...(of[name] ?? []), value];
  }
}

export function rowsOf(output: string): { row: string; value: number }[] {
  const lines = output.split("\n").filter((line) => line.startsWith("{"));
  return lines.map((line) => JSON.parse(line) as { row: string; value: number });
}

function summarise(work: string, row: string, rounds: Record<string, number[]>): Row {
  const medians = Object.fromEntries(Object.entries(rounds).map(([name, values]) => [name, median(values)]));
  const others = Object.keys(rounds).filter((name) => name !== "tsmpi");
  const ratios = Object.fromEntries(
    others.flatMap((name) => {
      const ratio = median(ratiosOfRounds(rounds, name));
      return Number.isNaN(ratio) ? [] : [[name, ratio]];
    }),
  );
  return { row, medians, rounds, ratios, bars: judge(work, row, ratios) };
}

/** tsmpi over a peer, in each round that both have. */
export function ratiosOfRounds(rounds: Row["rounds"], peer: string): number[] {
  const [ours, theirs] = [rounds["tsmpi"] ?? [], rounds[peer] ?? []];
  return ours.slice(0, theirs.length).map((value, round) => value / theirs[round]!);
}

/** The middle number, or the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  const [low, high] = [sorted[Math.ceil(middle) - 1], sorted[Math.floor(middle)]];
  return low === undefined || high === undefined ? Number.NaN : (low + high) / 2;
}
