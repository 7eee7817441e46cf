import { symlinkSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { folder, runTsmpi } from "../support/run-tsmpi.ts";
import { readPage } from "./rows.ts";

const page = readPage("regions.md");
const root = fileURLToPath(new URL("../../", import.meta.url));

/** The program that stands below `<!-- before halo -->`. */
function program(title: string): string {
  const [, code] = new RegExp(`<!-- ${title} -->\n\`\`\`ts\n(.*?)\`\`\``, "s").exec(page) ?? [];
  if (code === undefined) throw new Error(`docs/regions.md has no program "${title}"`);
  return code;
}

/** What `u` holds at the end, on each rank. */
async function resultOf(title: string, ranks: number): Promise<unknown> {
  const text = `import { block, dims, grid, init } from "tsmpi";
void [block, dims, grid];
await using world = await init();
${program(title)}
const all = await world.gather(u === undefined ? [] : [...u]);
if (all) console.log(JSON.stringify(all));
`;
  const cwd = folder({ "program.ts": text });
  symlinkSync(join(root, "packages/examples/node_modules"), join(cwd, "node_modules"));
  const { code, stdout, stderr } = await runTsmpi(["run", "-n", String(ranks), "program.ts"], { cwd });
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  return JSON.parse(stdout);
}

const titles = [...page.matchAll(/<!-- before (\w+) -->/g)].map(([, title]) => title as string);

describe("docs/regions.md", () => {
  it("has three programs", () => {
    expect(titles).toEqual(["halo", "transpose", "tiles"]);
  });

  it.each(titles.flatMap((title) => [1, 2, 4].map((ranks) => [title, ranks] as const)))(
    "%s on %i ranks gives the same before and after",
    async (title, ranks) => {
      const before = await resultOf(`before ${title}`, ranks);
      expect(await resultOf(`after ${title}`, ranks)).toEqual(before);
      expect(JSON.stringify(before)).toMatch(/[1-9]|^\[\[0/);
    },
  );

  it.each(titles)("%s is shorter after", (title) => {
    expect(program(`after ${title}`).length).toBeLessThan(program(`before ${title}`).length);
  });
});
