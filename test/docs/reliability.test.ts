import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const repository = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const rows = [
  ...readFileSync(repository("docs/reliability.md"), "utf8").matchAll(
    /^\| (.*?) \|(?:.*\|)? `(test\/\S+)`: (.+) \|$/gm,
  ),
];

test("every row of every table names its test", () => {
  const text = readFileSync(repository("docs/reliability.md"), "utf8");
  const all = text
    .split("\n")
    .filter(
      (line) => line.startsWith("| ") && !/^\| (---|fault|program|signal|what|slip|where it fails) \|/.test(line),
    );
  expect(rows.length).toBeGreaterThan(30);
  expect(rows).toHaveLength(all.length);
});

test.each(rows.map(([, fault, path, name]) => ({ fault, path: path as string, name: name as string })))(
  "$fault: $path has the test",
  ({ path, name }) => {
    expect(existsSync(repository(path)), path).toBe(true);
    expect(readFileSync(repository(path), "utf8")).toContain(name);
  },
);
