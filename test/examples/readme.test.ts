import { cpSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { folder, runTsmpi, shell } from "../support/run-tsmpi.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const examples = join(root, "packages/examples");
const readme = readFileSync(join(root, "README.md"), "utf8");

/** A program of the README: its heading, how many ranks it is for, and its output where that is shown. */
interface Program {
  heading: string;
  ranks: number;
  anyOrder: boolean;
  code: string;
  output: string | undefined;
}

const pattern =
  /(?:<!-- (?<ranks>\d+) ranks?(?<anyOrder>, any order)? -->\n)?```ts\n(?<code>.*?)```\n(?:\n```text\n(?<output>.*?)```\n)?/gs;

const programs: Program[] = [...readme.matchAll(pattern)].map(({ index, groups }) => {
  const { ranks, anyOrder, code, output } = groups!;
  const heading = readme
    .slice(0, index)
    .match(/^#+ .*$/gm)!
    .at(-1)!
    .replace(/^#+ /, "");
  return { heading, ranks: Number(ranks), anyOrder: anyOrder !== undefined, code: code!, output };
});

describe("the README's programs", () => {
  it("all say for how many ranks they are", () => {
    expect(programs.length).toBeGreaterThan(8);
    for (const { heading, ranks } of programs) expect(ranks, heading).toBeGreaterThan(0);
  });

  it.each(programs)("$heading, $ranks ranks", async ({ ranks, anyOrder, code, output }) => {
    const directory = workplace();
    writeFileSync(join(directory, "program.ts"), code);
    const result = await runTsmpi(["run", "-n", String(ranks), "program.ts"], { cwd: directory });
    expect({ code: result.code, signal: result.signal }, result.stderr).toEqual({ code: 0, signal: null });
    const inOrder = (text: string): string[] => (anyOrder ? text.split("\n").sort() : text.split("\n"));
    expect(inOrder(result.stdout)).toEqual(inOrder(output ?? ""));
  });

  it("compile as strictly as tsmpi itself", async () => {
    const directory = workplace();
    writeFileSync(join(directory, "package.json"), '{ "type": "module" }');
    programs.forEach(({ code }, i) => {
      writeFileSync(join(directory, `program${i}.ts`), code);
    });
    writeFileSync(
      join(directory, "tsconfig.json"),
      JSON.stringify({
        extends: join(root, "packages/examples/tsconfig.json"),
        compilerOptions: { composite: false, rootDir: ".", typeRoots: [join(root, "node_modules/@types")] },
        include: ["*.ts"],
        references: [],
      }),
    );
    const { code, stdout } = await shell(`"${join(root, "node_modules/.bin/tsc")}" -p .`, { cwd: directory }).result;
    expect({ code, stdout }).toEqual({ code: 0, stdout: "" });
  });
});

describe("the README's commands", () => {
  const [, block = ""] = /<!-- run -->\n```sh\n(.*?)```/s.exec(readme) ?? [];
  it.each(block.trimEnd().split("\n"))("%s", async (line) => {
    const directory = workplace();
    for (const script of ["hello.ts", "pi.ts", "ring.ts"]) cpSync(join(examples, script), join(directory, script));
    const { code, stderr } = await shell(line, { cwd: directory }).result;
    expect(code, stderr).toBe(0);
  });

  it("for a fresh machine use scripts that exist", () => {
    const { scripts } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { scripts: object };
    const own = [...readme.matchAll(/npm (?:run (\w+)|(test))/g)].map(([, script, test]) => (script ?? test)!);
    expect(own).toEqual(expect.arrayContaining(["tsmpi", "test"]));
    for (const name of own) expect(scripts).toHaveProperty(name);
  });
});

it("the README's links lead to files", () => {
  for (const [, target] of readme.matchAll(/\]\((?!http)([^)#]+)\)/g)) {
    expect(() => readFileSync(join(root, target!)), target).not.toThrow(/ENOENT/);
  }
});

/** A folder in which `tsmpi` can be imported, as in a project that has installed it. */
function workplace(): string {
  const directory = folder();
  symlinkSync(join(examples, "node_modules"), join(directory, "node_modules"));
  return directory;
}
