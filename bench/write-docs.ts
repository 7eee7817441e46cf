import { readFileSync, writeFileSync } from "node:fs";
import { path } from "./contender.ts";
import type { Results } from "./measure.ts";
import { markdown } from "./report.ts";
import { sentenceOf, verdictOf } from "./verdict.ts";

const begin = "<!-- measured: written by bench/main.ts --write-docs, not by hand -->";
const end = "<!-- end of what was measured -->";

/** Every round's numbers, which are committed. */
export const measured: string = path("results/measured.json");

/** Writes who is faster into README.md, this and the tables into docs/performance.md, and every round's numbers. */
export function writeDocs(results: Results): void {
  fill("../docs/performance.md", verdictOf(results), markdown(results));
  fill("../README.md", sentenceOf(results));
  writeFileSync(measured, json(results));
}

function fill(page: string, ...texts: string[]): void {
  writeFileSync(path(page), filled(readFileSync(path(page), "utf8"), ...texts));
}

/** A page with other texts between its pairs of marks, in their order. Throws if it has more or fewer pairs. */
export function filled(page: string, ...texts: string[]): string {
  const [head, ...parts] = page.split(begin);
  const rests = parts.map((part) => part.split(end));
  if (parts.length !== texts.length || rests.some(({ length }) => length !== 2)) {
    throw new Error(`the page has no "${begin}" before "${end}" for each of ${texts.length} texts`);
  }
  const written = texts.map((text, i) => `${begin}\n\n${text}\n\n${end}${rests[i]![1]}`);
  return [head, ...written].join("");
}

/** A line for each row: a change of a row is a change of its line. */
export function json(tables: Results): string {
  const list = (items: string[]): string => `[\n${items.map((item) => `    ${item}`).join(",\n")}\n  ]`;
  const each = Object.entries(tables).map(([name, { rows, ...about }]) => {
    const texts = rows.map((row) => JSON.stringify(row));
    return `${JSON.stringify(name)}: { ${JSON.stringify(about).slice(1, -1)}, "rows": ${list(texts)} }`;
  });
  return `{\n  ${each.join(",\n  ")}\n}\n`;
}
