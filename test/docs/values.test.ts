import { expect, test } from "vitest";
import { table } from "../conformance/cases/value-table.ts";
import { folder, runTsmpi } from "../support/run-tsmpi.ts";
import { readPage } from "./rows.ts";

const page = readPage("values.md");
const rows = page
  .split("\n")
  .filter((line) => line.startsWith("| ") && !line.startsWith("| ---"))
  .slice(1)
  .map((line) => line.slice(2).split(" | "));

test("docs/values.md and the cases that show it have the same rows, in the same order", () => {
  expect(rows.map(([kind]) => kind)).toEqual(table.map(({ kind }) => kind));
});

test.each(table.map((row, i) => [row.kind, row, rows[i] ?? []] as const))(
  "docs/values.md says what its case shows: %s",
  (_, { same, refused, warned }, [, arrives = "", answer]) => {
    expect(answer).toBe(same ? "yes" : "no");
    expect(arrives.startsWith("refused")).toBe(refused !== undefined);
    if (warned !== undefined) expect(arrives).toContain("warned");
  },
);

test("the program of docs/values.md prints what the page says", async () => {
  const [, code = "", output] = /```ts\n(.*?)```\n\n```text\n(.*?)```/s.exec(page) ?? [];
  const result = await runTsmpi(["run", "-n", "2", "program.ts"], { cwd: folder({ "program.ts": code }) });
  expect(result).toMatchObject({ code: 0, stdout: output, stderr: "" });
});
