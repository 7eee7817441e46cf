import { describe, expect, test } from "vitest";
import { full } from "../support/tier.ts";
import { blocksOf, mistakesOf } from "./guide/blocks.ts";
import { agrees, anonymous } from "./guide/normal.ts";
import { compilerErrors } from "./guide/programs.ts";
import { pages, runPage } from "./guide/run-page.ts";

describe("the guide", () => {
  test.each(pages())(
    "%s: its programs run, and its commands print what it shows",
    { timeout: 600_000 },
    async (page) => {
      const { mistakes, differences } = await runPage(page, { full });
      expect(mistakes).toEqual([]);
      const texts = (which: "shown" | "printed") =>
        differences.map((each) => `line ${each.line}: ${each.command}${each[which]}`).join("\n");
      expect(texts("printed"), "to accept: npm run docs:paste").toBe(texts("shown"));
    },
  );

  test("all programs compile", async () => {
    expect(await compilerErrors()).toBe("");
  });
});

describe("a page's blocks", () => {
  const mistakes = (page: string): string[] => mistakesOf(blocksOf(page));

  test("are files, commands, outputs, and hidden commands", () => {
    const page = [
      "```ts [a.ts]\nx;\n```",
      '```sh exit=3 needs=numpy,cc not-run="why not"\nnpx tsmpi\n```',
      "```text output sorted\nb\na\n```",
      "<!-- run\nmkdir data\n-->",
      "```sh [npm]\nnpm i\n```",
    ].join("\n\n");
    const blocks = blocksOf(page);
    expect(blocks.map(({ language, label, line, text }) => [language, label, line, text])).toEqual([
      ["ts", "a.ts", 1, "x;\n"],
      ["sh", undefined, 5, "npx tsmpi\n"],
      ["text", undefined, 9, "b\na\n"],
      ["sh", undefined, 14, "mkdir data\n"],
      ["sh", "npm", 18, "npm i\n"],
    ]);
    expect([...blocks[1]!.flags]).toEqual([
      ["exit", "3"],
      ["needs", "numpy,cc"],
      ["not-run", "why not"],
    ]);
    for (const { start, end, text } of blocks) expect(page.slice(start, end)).toBe(text);
    expect(mistakesOf(blocks)).toEqual([]);
  });

  test.each([
    ["```ts\nx;\n```", /line 1: a program has a file name/],
    ["```ts [a.ts]\nf(1);\n```\n```ts excerpt\nf(2);\n```", /line 4: this excerpt is in no file/],
    ["text\n```text output\n1\n```", /line 2: an output has its command/],
    ["```sh sorted\nls\n```", /line 1: a block of this kind \(command\) has no flag "sorted"/],
    ["```sh not-run\nls\n```", /line 1: not-run="..." needs a reason/],
  ])("%j is a mistake", (page, message) => {
    expect(mistakes(page).join("\n")).toMatch(message);
  });
});

describe("an output", () => {
  const flags = (...names: string[]) => new Map(names.map((name) => [name, ""]));

  test.each([
    ["rank 1 (pid 12) took 3.5 ms", "rank 1 (pid 99) took 1 s", []],
    ["b\na\n", "a\nb", ["sorted"]],
    ["pi 3.14, -2", "pi 3.1, 7", ["numbers"]],
    ["first\n...\nlast\n", "first\nmore\nmore\nlast\n", []],
    ["first\n...\n", "first\n", []],
  ])("%j agrees with %j", (shown, printed, names) => {
    expect(agrees(shown, printed, flags(...names))).toBe(true);
  });

  test.each([
    ["rank 1 of 3", "rank 2 of 3", []],
    ["b\na\n", "a\nb", []],
    ["pi 3.14", "tau 3.14", ["numbers"]],
    ["first\n...\nlast\n", "first\nmore\n", []],
    ["a.b\n...\n", "axb\nmore\n", []],
    ["1\n", "", []],
  ])("%j does not agree with %j", (shown, printed, names) => {
    expect(agrees(shown, printed, flags(...names))).toBe(false);
  });

  test("has no directory of the test", () => {
    expect(anonymous("in /tmp/tg-1/my-project/a.ts", "/tmp/tg-1")).toBe("in /home/ada/my-project/a.ts");
  });
});
