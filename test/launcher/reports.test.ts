import { describe, expect, test } from "vitest";
import { folder, runTsmpi, start } from "../support/run-tsmpi.ts";

/** Ranks 0, 1 and 4 are in an allreduce (line 4), rank 3 waits for a message (line 3); rank 2 does something else. */
function program(lines: string): string {
  const cwd = folder({
    "script.ts": `import { init, sum } from "tsmpi";
const world = await init();
if (world.rank === 3) await world.recv({ source: 2, tag: 5 });
if (world.rank !== 2) await world.allreduce(1, sum);
if (world.rank === 2) {
  await new Promise((resolve) => setTimeout(resolve, 600));
  console.log("now");
  ${lines}
}
`,
  });
  return cwd;
}

const others =
  "  meanwhile: ranks 0-1, 4 in allreduce() #0 at script.ts:4; rank 3 in recv({ source: 2, tag: 5 }) at script.ts:3";

describe("a rank that fails is reported with what the others were waiting for", () => {
  test.each([
    ["throws", 'throw new Error("boom");', 1, "ended with exit code 1"],
    ["exits", "process.exit(3);", 3, "ended with exit code 3"],
    ["is killed", 'process.kill(process.pid, "SIGKILL");', 137, "was killed by SIGKILL"],
    ["crashes", 'process.kill(process.pid, "SIGSEGV");', 139, "was killed by SIGSEGV"],
  ])("when it %s", async (_, lines, expected, how) => {
    const { code, stderr } = await runTsmpi(["run", "-n", "5", "script.ts"], { cwd: program(lines) });
    const report = stderr.slice(stderr.indexOf("tsmpi: ")).trimEnd().split("\n");
    expect(report).toEqual([
      expect.stringMatching(new RegExp(`^tsmpi: rank 2 of 5 on \\S+ \\(pid \\d+\\) ${how}; stopping the other ranks$`)),
      others,
    ]);
    expect(code).toBe(expected);
  });
});

describe("what the ranks do is told", () => {
  const table = [
    /^ {2}0-1, 4 +\S+ +allreduce\(\) #0 +others +\d+\.\d s +script\.ts:4$/m,
    /^ {2}2 +\S+ +computes \(it did not answer\)$/m,
    /^ {2}3 +\S+ +recv\(\{ source: 2, tag: 5 \}\) +rank 2 +\d+\.\d s +script\.ts:3$/m,
  ];

  test("when the time is up, also while a rank computes", async () => {
    const cwd = program("for (;;);");
    const { code, stderr } = await runTsmpi(["run", "-n", "5", "--timeout", "3", "script.ts"], { cwd });
    expect(stderr).toMatch(/^tsmpi: time limit of 3 s reached; stopping all ranks\ntsmpi: what the ranks do:\n/);
    for (const line of table) expect(stderr).toMatch(line);
    expect(code).toBe(124);
  });

  test("at Ctrl-C, before the ranks hear of it", async () => {
    const running = start(["run", "-n", "5", "script.ts"], { cwd: program("for (;;);") });
    await running.shows("now");
    await new Promise((resolve) => setTimeout(resolve, 600));
    running.child.kill("SIGINT");
    const { code, stderr } = await running.result;
    expect(stderr).toMatch(/^tsmpi: interrupted by SIGINT; what the ranks do:\n/);
    for (const line of table) expect(stderr).toMatch(line);
    expect(code).toBe(130);
  });

  test("in one line where all do the same", async () => {
    const cwd = folder({ "script.ts": 'import { init } from "tsmpi";\nawait (await init()).recv();\n' });
    const { stderr } = await runTsmpi(["run", "-n", "3", "--timeout", "2", "script.ts"], { cwd });
    expect(stderr.split("\n")[1]).toBe("tsmpi: ranks 0-2 in recv() at script.ts:2");
  });
});
