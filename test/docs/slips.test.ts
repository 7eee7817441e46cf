import { describe, expect, it } from "vitest";
import { warningsOfFile } from "../unit/launcher/analysis/analysis-support.ts";
import { readPage, rows } from "./rows.ts";

const head = `import { init, sum } from "tsmpi";
const world = await init();
const { rank } = world;
const xs = [1, 2, 3];
function work(..._: unknown[]): any {}




`.split("\n");

describe("the programs of docs/slips.md get the warnings that stand beside them", () => {
  const all = rows(readPage("slips.md"), "Warnings from the source");

  it("there are some of each kind", () => {
    expect(all.length).toBeGreaterThan(10);
  });

  it.each(all)("$snippet", async ({ snippet, gives }) => {
    expect(await warningsOfFile([...head.slice(0, 8), snippet].join("\n"))).toEqual([gives]);
  });
});

describe("its other programs", () => {
  const blocks = [...readPage("slips.md").matchAll(/```ts\n(.*?)```/gs)].map(([, code = ""]) => code);

  it("show the slip first, and then how to avoid it", async () => {
    const counts: number[] = [];
    for (const code of blocks) counts.push((await warningsOfFile([...head.slice(0, 4), code].join("\n"))).length);
    expect(counts).toEqual([1, 0, 0]);
  });
});
