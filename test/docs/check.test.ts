import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { readPage } from "./rows.ts";

const repository = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const [, classes = ""] = readPage("check.md").split("\n## Classes of mistakes\n");
const lines = classes.split("\n").filter((line) => line.startsWith("| ") && !/^\| (---|class) \|/.test(line));
const rows = lines.map((line) => /^\| (.+?) \| (.+?) \| `(test\/\S+)`: (.+) \|$/.exec(line)?.slice(1) ?? [line]);

test("every class of mistakes names what finds it, and its test", () => {
  expect(rows.length).toBeGreaterThan(15);
  expect(rows.filter((row) => row.length !== 4)).toEqual([]);
  expect(rows.filter(([, found]) => !/^(always|`--check`)/.test(found ?? ""))).toEqual([]);
});

test.each(rows.map(([mistake, , path, name]) => ({ mistake, path: path as string, name: name as string })))(
  "$mistake: $path has the test",
  ({ path, name }) => {
    expect(existsSync(repository(path)), path).toBe(true);
    expect(readFileSync(repository(path), "utf8")).toContain(name);
  },
);
