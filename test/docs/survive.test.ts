import { describe, expect, test } from "vitest";
import { runScript } from "../support/run-tsmpi.ts";
import { readPage } from "./rows.ts";

const page = readPage("survive.md");
const programs = [...page.matchAll(/```ts\n(.*?)```/gs)].map(([, code]) => code as string);

/** The program of the page, in which the ranks of VICTIMS die before their first call. */
function dying(program: string): string {
  return program.replace(
    "  try {\n",
    "  if (process.env.VICTIMS?.includes(String(world.rank)) && world.size === 4) process.kill(process.pid, 9);\n  try {\n",
  );
}

describe("docs/survive.md", () => {
  test.each([
    ["", "4 ranks: 10\n"],
    ["0", "3 ranks: 6\n"],
    ["03", "2 ranks: 3\n"],
  ])("the program survives the death of %j", async (victims, output) => {
    const [program] = programs as [string];
    const { stdout, code } = await runScript(dying(program), [
      "-n",
      "4",
      "--keep-going",
      "--env",
      `VICTIMS=${victims}`,
    ]);
    expect(stdout).toBe(output);
    expect(code).toBe(0);
  });

  test("it survives all deaths that the page tries", async () => {
    const [program, tries] = programs as [string, string];
    const body = program
      .replace(/import .*\n/, "")
      .replace("let world = await init();", "let world = first;")
      .replace(/if \(world\.rank === 0\) .*\n/, "return total;");
    const script = `
      import { MpiError, sum } from "tsmpi";
      ${tries
        .replace(/import .*\n/, 'import { local } from "tsmpi/testing"; const totals = [];\n')
        .replace("await local", "totals.push(await local")
        .replace(/\}\);\n\}/, "}));\n}")}
      async function program(first) { ${body} }
      const right = (all) => new Set(all.filter((total) => total !== undefined)).size === 1;
      console.log(totals.length, totals.every(right), totals.filter((all) => all.includes(undefined)).length > 1);
    `;
    const { stdout } = await runScript(script, ["-n", "1"]);
    expect(stdout).toBe("39 true true\n");
  });
});
