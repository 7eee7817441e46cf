import { symlinkSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { folder, runTsmpi } from "../support/run-tsmpi.ts";
import { readPage } from "./rows.ts";

const page = readPage("checkpoints.md");
const root = fileURLToPath(new URL("../../", import.meta.url));

/** Runs the program below `<!-- program: title -->` by these numbers of ranks, one run after the other; what each prints. */
async function runsOf(title: string, runs: readonly number[]): Promise<string[]> {
  const [, code] = new RegExp(`<!-- program: ${title} -->\n\`\`\`ts\n(.*?)\`\`\``, "s").exec(page) ?? [];
  if (code === undefined) throw new Error(`docs/checkpoints.md has no program "${title}"`);
  const cwd = folder({ "program.ts": code });
  symlinkSync(join(root, "packages/examples/node_modules"), join(cwd, "node_modules"));
  const printed: string[] = [];
  for (const ranks of runs) {
    const { stdout, stderr } = await runTsmpi(["run", "-n", String(ranks), "program.ts"], { cwd });
    printed.push(stdout.trim() + stderr);
  }
  return printed;
}

describe("docs/checkpoints.md", () => {
  it("has these programs", () => {
    const titles = [...page.matchAll(/<!-- program: (\w+) -->/g)].map(([, title]) => title);
    expect(titles).toEqual(["loop", "rows", "parts"]);
  });

  it("a loop goes on from its last checkpoint, and comes to the same end", async () => {
    expect(await runsOf("loop", [3, 3])).toEqual(["100 1.00", "100 1.00"]);
  });

  it("rows go to any number of ranks", async () => {
    expect(await runsOf("rows", [4, 3, 5])).toEqual(["1 1", "2 2", "3 3"]);
  });

  it("parts are shared out", async () => {
    expect(await runsOf("parts", [4, 3, 5])).toEqual(["2 2 2 2", "4 2 2", "4 2 2 0 0"]);
  });
});
