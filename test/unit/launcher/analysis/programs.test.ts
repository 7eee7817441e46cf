import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { warningsOf, warningsOfFile } from "./analysis-support.ts";

const root = fileURLToPath(new URL("../../../../", import.meta.url));

function filesIn(folder: string, end: string): string[] {
  const found = readdirSync(join(root, folder), { recursive: true, encoding: "utf8" });
  return found.filter((file) => file.endsWith(end) && !file.includes("node_modules")).map((file) => join(folder, file));
}

async function warningsIn(programs: Iterable<[name: string, text: string]>): Promise<string[]> {
  const warnings: string[] = [];
  for (const [name, text] of programs) warnings.push(...(await warningsOfFile(text, name)));
  return warnings;
}

test("our own programs get no warning", async () => {
  const files = ["packages/examples", "bench", "test/conformance", "test/chaos", "test/load"].flatMap((folder) => [
    ...filesIn(folder, ".ts"),
    ...filesIn(folder, ".mjs"),
  ]);
  expect(files.length).toBeGreaterThan(30);
  expect(await warningsIn(files.map((file) => [file, readFileSync(join(root, file), "utf8")]))).toEqual([]);
});

test("the cases of the conformance suite get none either, once their communicators are known", async () => {
  const known = (text: string): string =>
    `import type { Communicator } from "tsmpi";${text.replace(/import [^;]*Communicator[^;]*;/g, "").replace(/\(world\b(?=[^()]*\) =>)/g, "(world: Communicator")}`;
  const files = filesIn("test/conformance", ".ts");
  const texts = files.map((file): [string, string] => [file, known(readFileSync(join(root, file), "utf8"))]);
  expect(texts.filter(([, text]) => text.includes("(world: Communicator")).length).toBeGreaterThan(5);
  expect(await warningsIn(texts)).toEqual([]);
});

test("the programs of the docs get no warning", async () => {
  const programs: string[] = [];
  for (const page of ["README.md", ...filesIn("docs", ".md")]) {
    const text = readFileSync(join(root, page), "utf8");
    if (page.endsWith("slips.md")) continue;
    for (const [, code = ""] of text.matchAll(/```(?:ts|js)\n(.*?)```/gs)) programs.push(code);
  }
  expect(programs.length).toBeGreaterThan(8);
  for (const program of programs) {
    const isWhole = program.includes("await init(");
    expect(isWhole ? await warningsOfFile(program) : await warningsOf(program), program).toEqual([]);
  }
});
