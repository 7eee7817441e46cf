import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { runTsmpi } from "../support/run-tsmpi.ts";

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "tsmpi-errors-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Runs a program on 4 ranks; its first line has number 3. */
function run(lines: string): ReturnType<typeof runTsmpi> {
  const script = join(folder, `script-${Math.random().toString(36).slice(2)}.ts`);
  writeFileSync(script, `import { init, sum } from "tsmpi";\nconst world = await init();\n${lines}\n`);
  return runTsmpi(["run", "-n", "4", script]);
}

describe("an error of tsmpi that nobody catches is one sentence, with the user's own lines", () => {
  test.each([
    [
      "dest out of range",
      "await world.send(1, { dest: 9 });",
      /send\(\{ dest: 9 \}\) at .*:3: dest is 9, .* ranks 0 to 3\n {4}at .*:3:/,
    ],
    [
      "root out of range",
      "await world.bcast(1, { root: 9 });",
      /bcast\(\{ root: 9 \}\) at .*:3: root is 9, .* ranks 0 to 3\n {4}at .*:3:/,
    ],
    [
      "parts missing",
      "await world.scatter(() => [1, 2, 3]);",
      /\[rank 0\/4 on .*\] scatter\(\) at .*:3: .*3 .*4.*\n {4}at .*:3:/,
    ],
    [
      "a function in a value",
      "await world.gather({ f: () => 1 });",
      /gather\(\) at .*:3: data\.f is a function.*\n {4}at .*:3:/,
    ],
    [
      "a rank that ends too early",
      "if (world.rank === 1) process.exit(0);\nawait world.recv({ source: 1 });",
      /recv\(\{ source: 1 \}\) at .*:4: rank 1 is gone \(ended, pid \d+\)/,
    ],
    [
      "a rank that has ended when another one comes late to a collective",
      "if (world.rank === 2) process.exit(0);\nif (world.rank === 1) await new Promise((later) => setTimeout(later, 500));\nawait world.barrier();",
      /\[rank 0\/4 on .*\] barrier\(\) at .*:5: rank 2 is gone \(ended, pid \d+\)/,
    ],
  ])("%s", async (_, lines, sentence) => {
    const { code, stderr } = await run(lines);
    expect(stderr).toMatch(sentence);
    expect(stderr).not.toMatch(/packages\/core|node_modules|Node\.js v/);
    expect(code).toBe(1);
  });

  test("on every rank, where every rank is concerned", async () => {
    const { stderr } = await run("await world.scatter(() => [1, 2, 3]);");
    for (const rank of [0, 1, 2, 3]) expect(stderr).toMatch(new RegExp(`^\\[rank ${rank}/4 on .*3 .*4`, "m"));
  });
});

test("what follows from the loss of a rank is not printed", async () => {
  const { code, stderr } = await run('if (world.rank === 2) throw new TypeError("my own");\nawait world.barrier();');
  expect(stderr.match(/TypeError: my own/g)).toHaveLength(1);
  expect(stderr.match(/barrier/g)).toHaveLength(1); // in the report: what the others were waiting for
  expect(code).toBe(1);
});

test("a program that listens for uncaught exceptions gets those of tsmpi too", async () => {
  const { code, stdout } = await run(
    'process.on("uncaughtException", (error) => { console.log("caught", error.code); process.exit(7); });\n' +
      "await world.send(1, { dest: 9 });",
  );
  expect(stdout).toContain("caught invalid-argument");
  expect(code).toBe(7);
});
