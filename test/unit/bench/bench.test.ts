import { expect, test } from "vitest";
import { judge } from "../../../bench/bars.ts";
import { type Contender, command, type Step } from "../../../bench/contender.ts";
import type { Machine } from "../../../bench/machine.ts";
import { measure, median } from "../../../bench/measure.ts";
import { tableOf } from "../../../bench/report.ts";
import { filled } from "../../../bench/write-docs.ts";

const machine = {} as Machine;

const prints = (name: string, row: string, values: number[]): Contender => {
  const rest = [...values];
  return { name, run: async () => `noise\n${JSON.stringify({ row, value: rest.shift() })}\n` };
};

test("medians of the rounds are compared, and bars are judged", async () => {
  const row = "object, round trip (us)";
  const contenders = [prints("tsmpi", row, [7, 9, 100]), prints("mpi4py", row, [10, 10, 1])];
  const table = await measure({ name: "point-to-point", title: "T", contenders: () => contenders }, 3, machine);
  expect(table.rows).toMatchObject([{ medians: { tsmpi: 9, mpi4py: 10 }, ratios: { mpi4py: 0.9 } }]);
  expect(tableOf(table)).toContain(
    "| object, round trip (us) | 9.00 | 10.0 | 0.900 | 0.7 to 100 | at most 0.800 of mpi4py: NOT MET |",
  );
});

test("a bar of a rate is a least", () => {
  const judged = (ratio: number) => judge("point-to-point", "objects, one way (per s)", { mpi4py: ratio });
  expect([judged(1.99), judged(2)].map(([bar]) => bar?.met)).toEqual([false, true]);
});

test("a peer that is missing, or fails, is named with the reason", async () => {
  const contenders = [
    prints("tsmpi", "x (us)", [1, 1]),
    command("absent", ["true"], "no mpiexec"),
    command("broken", ["sh", "-c", "echo sorry >&2; exit 3"]),
    command("silent", ["true"]),
  ];
  const table = await measure({ name: "w", title: "T", contenders: () => contenders }, 2, machine);
  expect(table.missing).toEqual({
    absent: "no mpiexec",
    broken: "round 1 ended with 3: sorry",
    silent: "round 1 printed no rows",
  });
  expect(tableOf(table)).toContain("Missing: absent: no mpiexec.");
});

test("contenders take turns in each step, and the other one is first in every other round", async () => {
  const asked: string[] = [];
  const contender = (name: string): Contender => ({
    name,
    run: async ({ program }) => {
      asked.push(`${name} ${program.join(" ")}`);
      if (name === "b" && program[0] === "y") throw new Error("sorry");
      return `{"row": "of ${program[0]}", "value": 1}`;
    },
  });
  const steps: Step[] = [{ program: ["x", "1"] }, { program: ["y"], wall: "command (s)" }];
  const table = await measure(
    { name: "w", title: "T", steps, contenders: () => [contender("a"), contender("b")] },
    2,
    machine,
  );
  expect(asked).toEqual(["a x 1", "b x 1", "a y", "b y", "b x 1", "a x 1", "a y"]);
  expect(table.missing).toEqual({ "b y": "round 1 sorry" });
  const rows = table.rows.map(({ row, rounds }) => [
    row,
    Object.entries(rounds).map(([name, { length }]) => [name, length]),
  ]);
  expect(rows).toEqual([
    [
      "of x",
      [
        ["a", 2],
        ["b", 2],
      ],
    ],
    ["of y", [["a", 2]]],
    ["command (s)", [["a", 2]]],
  ]);
});

test("the median of an even number of rounds is the mean of the middle two", () => {
  expect([median([3, 1, 2]), median([4, 1, 2, 3]), median([5])]).toEqual([2, 2.5, 5]);
});

test("only what is between the marks of the page is written", () => {
  const begin = "<!-- measured: written by bench/main.ts --write-docs, not by hand -->";
  const end = "<!-- end of what was measured -->";
  expect(filled(`a\n${begin}\nold\n${end}\nz`, "new")).toBe(`a\n${begin}\n\nnew\n\n${end}\nz`);
  expect(filled(`${begin}\n${end} b ${begin}\n${end}`, "1", "2")).toBe(
    `${begin}\n\n1\n\n${end} b ${begin}\n\n2\n\n${end}`,
  );
  expect(() => filled("a", "new")).toThrow("the page has no");
  expect(() => filled(`${begin}\n${end}`, "1", "2")).toThrow("for each of 2 texts");
  expect(() => filled(`${begin}\nold`, "new")).toThrow("the page has no");
});
