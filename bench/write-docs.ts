import { readFileSync, writeFileSync } from "node:fs";
import { path } from "./contender.ts";
import type { Results } from "./measure.ts";
import { markdown } from "./report.ts";

const begin = "<!-- measured: written by bench/main.ts --write-docs, not by hand -->";
const end = "<!-- end of what was measured -->";

/**
 * Writes the tables into docs/performance.md, and every round's numbers into results/measured.json, which is committed.
 */
export function writeDocs(results: Results): void {
  const page = path("../docs/performance.md");
  writeFileSync(page, filled(readFileSync(page, "utf8"), markdown(results)));
  writeFileSync(path("results/measured.json"), `${JSON.stringify(results, undefined, 2)}\n`);
}

/** A page with another text between the two marks. Throws if it does not have them. */
export function filled(page: string, text: string): string {
  const [from, to] = [page.indexOf(begin), page.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`the page has no "${begin}" before "${end}"`);
  return `${page.slice(0, from)}${begin}\n\n${text}\n\n${page.slice(to)}`;
}
