import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { type Communicator, pool, sum } from "tsmpi";
import { local } from "tsmpi/testing";
import { describe, expect, test } from "vitest";

const page = readFileSync(fileURLToPath(new URL("../../docs/from-multiprocessing.md", import.meta.url)), "utf8");

interface Row {
  title: string;
  snippet: string;
  gives: unknown;
}

/** The rows with a snippet and its result: the last two columns, in backticks. */
function rows(heading: string): Row[] {
  const [, section = ""] = page.split(`\n## ${heading}\n`);
  return (section.split("\n## ")[0] ?? "").split("\n").flatMap((line) => {
    const cells = line.split(" | ").map((cell) => cell.replace(/^\| |\s*\|$/g, "").trim());
    const [gives, snippet] = [cells.at(-1), cells.at(-2)].map((cell) => /^`(.*)`$/.exec(cell ?? "")?.[1]);
    if (gives === undefined || snippet === undefined) return [];
    return [
      { title: cells.length > 2 ? `${cells[0]}: ${snippet}` : snippet, snippet, gives: JSON.parse(gives) as unknown },
    ];
  });
}

const tasks = {
  square: (x: number): number => x * x,
  add: (a: number, b: number): number => a + b,
  sleep: (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms).unref()),
  fail: (): never => {
    throw new RangeError("no");
  },
};

const AsyncFunction = (async () => {}).constructor as new (
  ...text: string[]
) => (...args: unknown[]) => Promise<unknown>;

/** Runs a snippet: its last expression is its value. What needs no pool of its own is given one, as `workers`. */
async function run(snippet: string, world: Communicator): Promise<unknown> {
  const statements = snippet.split(/; (?![^{(]*[)}])/);
  const body = [...statements.slice(0, -1), `return ${statements.at(-1)}`].join(";\n");
  const program = new AsyncFunction("world", "pool", "workers", "square", "sum", "xs", body);
  const call = (workers: unknown): Promise<unknown> => program(world, pool, workers, tasks.square, sum, [1, 2, 3, 4]);
  return /\bworld\b/.test(snippet) ? call(undefined) : pool(world, tasks, call);
}

describe.each(["multiprocessing.Pool", "mpi4py.futures"])("docs/from-multiprocessing.md, %s", (heading) => {
  const all = rows(heading);

  test("has rows", () => {
    expect(all.length).toBeGreaterThan(20);
  });

  test.each(all.map((row) => [row.title, row] as const))("%s", async (_, { snippet, gives }) => {
    await local(4, async (world) => {
      // Elsewhere snippets give undefined, which some of them go on with.
      const result = await run(snippet, world).catch((error: unknown) => {
        if (world.rank === 0) throw error;
      });
      if (world.rank === 0) expect(result).toEqual(gives);
    });
  });
});
