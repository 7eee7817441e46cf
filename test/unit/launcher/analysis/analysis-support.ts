import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";
import { slips } from "../../../../packages/launcher/src/analysis/index.ts";

// Warnings are remembered from run to run; those of an older analysis are of no use here.
const cacheHome = mkdtempSync(join(tmpdir(), "tsmpi-cache-"));
process.env["XDG_CACHE_HOME"] = cacheHome;
afterAll(() => rmSync(cacheHome, { recursive: true, force: true }));

const head = `import { init, pool, range, sum, type Communicator } from "tsmpi";
const world = await init();
const { rank, size } = world;
const xs = [1, 2, 3];
`;

/** What is said about a program, the lines of which follow four others: the first has number 5. */
export function warningsOf(lines: string): Promise<string[]> {
  return warningsOfFile(head + lines);
}

export function warningsOfFile(text: string, name = "main.ts"): Promise<string[]> {
  return slips([{ path: join("/home/me", name), text }], "/home/me");
}
