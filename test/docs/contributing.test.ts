import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";

const root = fileURLToPath(new URL("../../", import.meta.url));
const text = readFileSync(`${root}CONTRIBUTING.md`, "utf8");

/** The tables that say where something is: the folder in the head, and the paths in the rows. */
const tables = [...text.matchAll(/^\| where is \.\.\. \| .*`(?<folder>[^`]+)` \|\n(?<rows>(?:\|.*\n)+)/gm)].map(
  ({ groups }) => ({
    folder: groups!["folder"]!,
    paths: [...groups!["rows"]!.matchAll(/\|[^|]*\|(?<cell>[^|]*)\|/g)].flatMap((row) =>
      [...row.groups!["cell"]!.matchAll(/`([^`]+)`/g)].map(([, path]) => path!),
    ),
  }),
);

describe("the tables of CONTRIBUTING.md name what is there", () => {
  test.each(tables)("below $folder", ({ folder, paths }) => {
    expect(paths.length).toBeGreaterThan(4);
    expect(paths.filter((path) => !existsSync(`${root}${folder}/${path}`))).toEqual([]);
  });
  test("there are two", () => expect(tables).toHaveLength(2));
});
