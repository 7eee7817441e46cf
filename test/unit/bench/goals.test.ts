import { expect, test } from "vitest";
import { judge } from "../../../bench/bars.ts";
import { cold } from "../../../bench/cold.ts";
import { bytesOf, groupOf, type Outcome, outcomesOf } from "../../../bench/goals.ts";
import type { Machine } from "../../../bench/machine.ts";
import { median, type Row, type Table } from "../../../bench/measure.ts";
import { goalsOf, gridOf, markdown } from "../../../bench/report.ts";
import { sentenceOf, verdictOf } from "../../../bench/verdict.ts";
import { json } from "../../../bench/write-docs.ts";

/** A row with what each round gave; mpi4py always gave 10. */
function row(name: string, ...tsmpi: number[]): Row {
  const mpi4py = tsmpi.map(() => 10);
  const medians = { tsmpi: median(tsmpi), mpi4py: 10 };
  return { row: name, medians, rounds: { tsmpi, mpi4py }, ratios: { mpi4py: medians.tsmpi / 10 }, bars: [] };
}

function table(...rows: Row[]): Table {
  const contenders = ["tsmpi", "mpi4py"];
  return {
    title: "T",
    machine: { cpu: "c" } as Machine,
    rounds: 3,
    measured: "2026-01-02T03:04:05Z",
    contenders,
    missing: {},
    rows,
  };
}

function outcome(tables: Record<string, Table>, title: string, of: string): Outcome | undefined {
  return outcomesOf(tables).find((each) => each.title === title && each.of === of);
}

const loops = {
  "cold-loops-2-100": table(
    row("allreduce of 8 B (us)", 20, 30, 90),
    row("allreduce of 1 KiB (us)", 60, 60, 60),
    row("allreduce of 8 KiB (us)", 10, 50, 40),
    row("allreduce of 64 KiB (us)", 11, 11, 11),
    row("allreduce of 4 MiB (us)", 12, 12, 13),
    row("bibw of 64 KiB (MB/s)", 5, 5, 4),
    row("barrier (us)", 60, 51, 40),
  ),
};

test("of small sizes the median counts, of large ones the worst, of each operation", () => {
  expect(outcome(loops, "Loops 10/100, up to 8 KiB", "allreduce")).toMatchObject({
    measured: 5,
    spread: [2, 6],
    met: true,
  });
  expect(outcome(loops, "Loops 10/100, up to 8 KiB", "barrier")).toMatchObject({ measured: 5.1, met: false });
  expect(outcome(loops, "Loops 10/100, 64 KiB to 4 MiB", "allreduce of 4 MiB")).toMatchObject({
    measured: 1.2,
    spread: [1.2, 1.3],
    met: true,
  });
});

test("of rates the inverse counts", () => {
  expect(outcome(loops, "Loops 10/100, 64 KiB to 4 MiB", "bibw of 64 KiB")).toMatchObject({
    measured: 2,
    spread: [2, 2.5],
    met: false,
  });
});

test("the worst number of calls decides about a program, and tsmpi's own microseconds about a path", () => {
  const tables = {
    "cold-programs": table(
      row("10 calls of bcast, whole command (s)", 9),
      row("100,000 calls of bcast, whole command (s)", 10.1),
    ),
    "cold-interpreted": table(row("barrier (us)", 3, 4, 5), row("number, round trip (us)", 13)),
  };
  expect(outcome(tables, "Whole programs", "100,000 calls of bcast, whole command")).toMatchObject({
    measured: 1.01,
    met: false,
  });
  expect(outcome(tables, "Nothing compiled", "barrier")).toMatchObject({ measured: 4, spread: [3, 5], met: true });
  expect(outcome(tables, "Nothing compiled", "number, round trip")?.met).toBe(false);
});

test("a goal that was not measured is listed, and is not met", () => {
  const outcomes = outcomesOf({});
  expect(outcomes.length).toBeGreaterThan(8);
  expect(outcomes.map(({ measured, met }) => ({ measured, met }))).toEqual(
    outcomes.map(() => ({ measured: undefined, met: false })),
  );
  expect(goalsOf(outcomes)).toContain("| Whole programs | all | worst | not measured |  | 1 | NOT MET |");
});

test("a peer that is missing leaves its goals unmeasured", () => {
  const alone = { row: "barrier (us)", medians: { tsmpi: 1 }, rounds: { tsmpi: [1] }, ratios: {}, bars: [] };
  expect(outcome({ "cold-loops-2-100": table(alone) }, "Loops 10/100, up to 8 KiB", "all")?.measured).toBeUndefined();
});

test("sizes and subjects are read from the names of rows", () => {
  const names = ["allreduce of 8 B (us)", "bibw of 64 KiB (MB/s)", "latency of 4 MiB (us)", "barrier (us)"];
  expect(names.map(bytesOf)).toEqual([8, 65536, 4 << 20, 0]);
  expect(names.map(groupOf)).toEqual(["allreduce", "bibw", "latency", "barrier"]);
  const others = ["1,000 calls of ping-pong, whole command (s)", "CG 64^2, a step (us)", "NAS IS, class S (s)"];
  expect(others.map(groupOf)).toEqual(["ping-pong", "CG 64^2", "NAS IS, class S"]);
});

test("the page lists goals first, then loops as sizes by operations", () => {
  expect(gridOf(loops["cold-loops-2-100"]).split("\n").slice(2, 6)).toEqual([
    "|  | allreduce (us) | bibw (MB/s) | barrier (us) |",
    "| --- | --- | --- | --- |",
    "| no data |  |  | 51 (5.1) |",
    "| 8 B | 30 (3) |  |  |",
  ]);
  const bars = judge("point-to-point", "object, round trip (us)", { mpi4py: 0.9 });
  const hot = { ...row("object, round trip (us)", 9), bars };
  const page = markdown({ ...loops, "point-to-point": table(hot) });
  expect(page).toContain("| Loops 10/100, up to 8 KiB | allreduce | median | 5.00 | 2 to 6 | 5 | met |");
  expect(page).toContain("Bars of the hot rows below: 0 of 1 met. Not met: T: object, round trip (us), mpi4py.");
  expect(page.match(/Machine: c,/g)).toHaveLength(1);
  expect(page.indexOf("### Goals")).toBeLessThan(page.indexOf("| 8 B |"));
});

test("a table of another machine names it", () => {
  const other = { ...table(), machine: { cpu: "d" } as Machine };
  expect(markdown({ a: table(), b: other }).match(/Machine: [cd],/g)).toEqual(["Machine: c,", "Machine: d,"]);
});

test("a table says how busy the machine was, if that is known", () => {
  expect(gridOf({ ...table(), load: 9.87 })).toContain("2026-01-02. Load average at the start: 9.9.");
  expect(gridOf(table())).not.toContain("Load");
});

test("who is faster is said with the worst row too, and what was not measured is said", () => {
  const tables = {
    "cold-programs": table(row("10 calls of bcast, whole command (s)", 6), row("x (s)", 12), row("y (s)", 9)),
  };
  expect(verdictOf(tables)).toContain("| whole programs of 10 to 100,000 small calls | 0.9 | 0.6 | 1.2 | 2 of 3 |");
  expect(verdictOf(tables)).toContain("| objects, hot | not measured | | | |");
  expect(sentenceOf(tables)).toContain("takes 0.6 to 1.2 times as");
  expect(sentenceOf(tables)).toContain("(not measured)");
});

test("results are stored with a line for each row, and read back", () => {
  const results = { a: table(row("x (s)", 1), row("y (s)", 2)), b: table() };
  expect(JSON.parse(json(results))).toEqual(results);
  expect(
    json(results)
      .split("\n")
      .filter((line) => line.includes('"row":')),
  ).toHaveLength(2);
});

test("loops have all powers of two; quick ones all small sizes, which are as cold as in the whole loop", () => {
  const none = { mpi4py: undefined, python: undefined, dask: undefined, libzmq: undefined };
  const sizesOf = (quick: boolean, name: string, operation: string): number[] => {
    const steps = cold(none, quick).find((work) => work.name === name)?.steps ?? [];
    return (
      steps
        .find(({ program }) => program[1] === operation)
        ?.program[4]?.split(",")
        .map(Number) ?? []
    );
  };
  const powers = Array.from({ length: 23 }, (_, i) => 2 ** i);
  for (const name of ["cold-loops-2-100", "cold-loops-2-1000", "cold-loops-4-100", "cold-loops-4-1000"]) {
    expect(sizesOf(false, name, "bcast")).toEqual(powers);
    expect(sizesOf(false, name, "reduce")).toEqual(powers.slice(2));
  }
  const smallOnes = powers.slice(0, 14);
  expect(sizesOf(true, "cold-loops-2-100", "bcast")).toEqual([...smallOnes, 64 << 10, 1 << 20, 4 << 20]);
  expect(sizesOf(true, "cold-loops-2-1000", "bcast")).toEqual(smallOnes);
});
