import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { contract } from "../support/scheduler-contract.ts";

const repository = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), "utf8");
const page = repository("docs/schedulers.md");
const [, table = ""] = page.split("## What was tested");
const rows = table
  .split("\n")
  .filter((line) => line.startsWith("| "))
  .map((line) => line.slice(2, -2).split(" | "));

test("every promise of the schedulers' suite is a row of the table, and each cell says how it was tested", () => {
  const [heads, , ...body] = rows;
  expect(heads).toEqual(["promise", "PBS", "Slurm", "SGE", "LSF"]);
  expect(body.map(([title]) => title)).toEqual(expect.arrayContaining(contract.map(({ title }) => title)));
  for (const [title, ...cells] of body) {
    expect(cells, title).toHaveLength(4);
    for (const cell of cells)
      expect(cell).toMatch(/^(stand-in|real|stand-in, real|by hand|from the documents|not there)$/);
  }
});

test("the messages of the table are messages of the program", () => {
  const sources = ["sge/allocation", "sge/starter", "sge/tools", "lsf/starter", "tools"].map((name) =>
    repository(`packages/launcher/src/hosts/${name}.ts`),
  );
  const [, messages = ""] = page.split("## When something goes wrong");
  const quoted = [...messages.split("## ")[0]!.matchAll(/^\| `([^`]+)`/gm)].map(([, message]) => message!);
  expect(quoted.length).toBeGreaterThan(4);
  const text = sources.join("\n");
  for (const message of quoted) {
    const [, name] = /^(\w+) was not found$/.exec(message) ?? [];
    if (name === undefined) expect(text).toContain(message);
    else expect(text).toContain(`"${name}"`);
  }
});
