import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** A row of a table that pairs a call of another system with ours: the last two of its cells are code. */
export interface Row {
  title: string;
  snippet: string;
  /** What the snippet's value is, as text of JavaScript. */
  gives: string;
}

/** A page of `docs/`. */
export function readPage(name: string): string {
  return readFileSync(fileURLToPath(new URL(`../../docs/${name}`, import.meta.url)), "utf8");
}

/** The rows below a heading of the second level that have a snippet and its result, both in backticks. */
export function rows(page: string, heading: string): Row[] {
  const [, section = ""] = page.split(`\n## ${heading}\n`);
  return (section.split("\n## ")[0] ?? "").split("\n").flatMap((line) => {
    const cells = line.split(" | ").map((cell) => cell.replace(/^\| |\s*\|$/g, "").trim());
    const [gives, snippet] = [cells.at(-1), cells.at(-2)].map((cell) => /^`(.*)`$/.exec(cell ?? "")?.[1]);
    if (gives === undefined || snippet === undefined) return [];
    return [{ title: cells.length > 2 ? `${cells[0]}: ${snippet}` : snippet, snippet, gives }];
  });
}

const AsyncFunction = (async () => {}).constructor as new (
  ...text: string[]
) => (...args: unknown[]) => Promise<unknown>;

/** Runs statements, of which the last one is an expression: its value is theirs. They see the names of `scope`. */
export function evaluate(snippet: string, scope: Record<string, unknown>): Promise<unknown> {
  const statements = snippet.split(/; (?![^{(]*[)}])/);
  const body = [...statements.slice(0, -1), `return (${statements.at(-1)})`].join(";\n");
  return new AsyncFunction(...Object.keys(scope), body)(...Object.values(scope));
}
