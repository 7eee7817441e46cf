import { large, ratioOf, type Selection, select, small } from "./goals.ts";
import { median, type Results, type Row } from "./measure.ts";
import { short } from "./report.ts";

interface Subject {
  readonly title: string;
  readonly selections: readonly Selection[];
}

const objects = /(of an object|of objects|of a number), n/;

/** From what a stranger runs first to what an hour's program sees. */
const subjects = {
  programs: { title: "whole programs of 10 to 100,000 small calls", selections: [{ table: "cold-programs" }] },
  commands: { title: "small kernels, whole command", selections: [{ table: "cold-kernels", row: /whole command/ }] },
  kernels: {
    title: "small kernels, own time",
    selections: [{ table: "cold-kernels", row: /, (a turn|a step|class .) \((us|s)\)$/ }],
  },
  first: {
    title: "calls 11 to 110 of an operation and size, up to 8 KiB",
    selections: [{ table: "cold-loops-2-100", sizes: small }],
  },
  later: {
    title: "calls 101 to 1,100, up to 8 KiB",
    selections: [{ table: "cold-loops-2-1000", sizes: small }],
  },
  large: { title: "calls 11 to 110, 64 KiB to 4 MiB", selections: [{ table: "cold-loops-2-100", sizes: large }] },
  start: { title: "start and end of 8 ranks", selections: [{ table: "start-8" }] },
  objects: {
    title: "objects, hot",
    selections: [
      { table: "point-to-point", row: /^objects?, (round trip|one way)/ },
      { table: "collectives-2", row: objects },
    ],
  },
  buffers: { title: "buffers, hot", selections: [{ table: "point-to-point", row: /^buffers? of/ }] },
} as const satisfies Readonly<Record<string, Subject>>;

interface Figures {
  readonly median: number;
  readonly best: number;
  readonly worst: number;
  readonly faster: number;
  readonly rows: number;
}

function figuresOf(tables: Results, { selections }: Subject): Figures | undefined {
  const ratios = selections.flatMap((selection): number[] => select(tables, selection).map((row: Row) => ratioOf(row)));
  if (ratios.length === 0) return undefined;
  const faster = ratios.filter((ratio) => ratio < 1).length;
  return { median: median(ratios), best: Math.min(...ratios), worst: Math.max(...ratios), faster, rows: ratios.length };
}

/** A line for each subject: how often tsmpi is faster than mpi4py, and by how much. */
export function verdictOf(tables: Results): string {
  const lines = Object.values(subjects).map((subject) => {
    const figures = figuresOf(tables, subject);
    if (figures === undefined) return `| ${subject.title} | not measured | | | |`;
    const { median, best, worst, faster, rows } = figures;
    return `| ${subject.title} | ${short(median)} | ${short(best)} | ${short(worst)} | ${faster} of ${rows} |`;
  });
  return [
    "| time of tsmpi over time of mpi4py, 2 ranks (8 for the start) | median | best row | worst row | rows where tsmpi is faster |",
    "| --- | --- | --- | --- | --- |",
    ...lines,
  ].join("\n");
}

/** The same in two sentences. */
export function sentenceOf(tables: Results): string {
  const span = (subject: Subject): string => {
    const figures = figuresOf(tables, subject);
    return figures === undefined ? "(not measured)" : `${short(figures.best)} to ${short(figures.worst)}`;
  };
  const middle = (subject: Subject): string => {
    const figures = figuresOf(tables, subject);
    return figures === undefined ? "(not measured)" : short(figures.median);
  };
  const { programs, commands, first, later, large, objects } = subjects;
  return [
    `Two ranks of one host, beside mpi4py over Open MPI: a whole program of 10 to 100,000 small calls takes ${span(programs)} times as`,
    `long, a small kernel ${span(commands)} times. Calls themselves start slow, because V8 compiles what has run often: calls 11 to`,
    `110 of an operation take ${middle(first)} times as long as with mpi4py, calls 101 to 1,100 ${middle(later)} times (medians, up to 8 KiB);`,
    `from 64 KiB on ${middle(large)} times. Hot calls with objects take ${middle(objects)} times as long.`,
  ].join("\n");
}
