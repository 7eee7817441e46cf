import { accessSync, constants, mkdtempSync, rmdirSync, writeFileSync } from "node:fs";
import { describe, expect, onTestFinished, test } from "vitest";
import { folder, runTsmpi, shell, start } from "../support/run-tsmpi.ts";

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

describe("the last lines of a rank that fails are in the report", () => {
  const lines = `for (let i = 0; i < 30; i++) console.error("line " + i);`;

  test("when they went into a file", async () => {
    const cwd = program(`${lines} process.exit(3);`);
    const { stderr } = await runTsmpi(["run", "-n", "5", "--output-dir", "out", "script.ts"], { cwd });
    const [, second, third, fourth, ...rest] = stderr.trimEnd().split("\n");
    expect(second).toBe(others);
    expect(third).toBe(`  its last lines (${cwd}/out/rank.2.err):`);
    expect(fourth).toBe("  | line 10");
    expect(rest.at(-1)).toBe("  | line 29");
    expect(rest).toHaveLength(19);
  });

  test("when others have written much since", async () => {
    const cwd = folder({
      "script.mjs": `const rank = Number(process.env.TSMPI_RANK);
if (rank === 1) { console.error("it was me"); setTimeout(() => process.exit(3), 1000); }
else { setTimeout(() => console.log("x".repeat(79).concat("\\n").repeat(100)), 500); setInterval(() => {}, 1000); }`,
    });
    const { stdout, stderr } = await runTsmpi(["run", "-n", "2", "script.mjs"], { cwd });
    expect(stdout.length).toBeGreaterThan(8000);
    expect(stderr.trimEnd().split("\n").slice(1)).toEqual([
      expect.stringMatching(/^tsmpi: rank 1 of 2 on \S+ \(pid \d+\) ended with exit code 3; stopping the other ranks$/),
      "  its last lines:",
      "  | it was me",
    ]);
  });

  test("and not when they stand right above it", async () => {
    const { stderr } = await runTsmpi(["run", "-n", "5", "script.ts"], { cwd: program(`${lines} process.exit(3);`) });
    expect(stderr.match(/line 29/g)).toHaveLength(1);
  });
});

describe("a lack of memory is told", () => {
  test("of V8's heap", async () => {
    const cwd = folder({ "script.mjs": "const all = []; for (;;) all.push(new Array(1e5).fill({}));" });
    const args = ["run", "-n", "1", "--node-options", "--max-old-space-size=50", "script.mjs"];
    const { code, stderr } = await runTsmpi(args, { cwd });
    expect(stderr).toMatch(
      /^tsmpi: rank 0 .* \(its JavaScript heap was full; --node-options --max-old-space-size=MB .*\)$/m,
    );
    expect(code).toBeGreaterThan(128);
  });

  const groups = "/sys/fs/cgroup/memory";
  test.skipIf(!writable(groups))("of what the job's cgroup is granted", async () => {
    const group = mkdtempSync(`${groups}/tsmpi-test-`);
    onTestFinished(() => rmdirSync(group));
    writeFileSync(`${group}/memory.limit_in_bytes`, "400M");
    const script = `if (process.env.TSMPI_RANK === "0") setInterval(() => {}, 1000);
else for (const all = []; ; ) all.push(Buffer.alloc(1 << 20, 1));`;
    const cwd = folder({ "script.mjs": script });
    const { code, stderr } = await shell(`echo $BASHPID > ${group}/tasks; tsmpi run -n 2 script.mjs`, { cwd }).result;
    expect(stderr).toMatch(
      /^tsmpi: rank 1 .* was killed by SIGKILL \(out of memory: the job's limit on this host, 400 MiB /,
    );
    expect(code).toBe(137);
  });
});

function writable(directory: string): boolean {
  try {
    accessSync(directory, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

describe("what the ranks do is told", () => {
  const table = [
    /^ {2}0-1, 4 +\S+ +allreduce\(\) #0 +others +\d+\.\d s +script\.ts:4$/m,
    /^ {2}2 +\S+ +computes \(it did not answer\)$/m,
    /^ {2}3 +\S+ +recv\(\{ source: 2, tag: 5 \}\) +rank 2 +\d+\.\d s +script\.ts:3$/m,
  ];

  test("when the time is up, also while a rank computes", async () => {
    const cwd = program("for (;;);");
    const { code, stderr } = await runTsmpi(["run", "-n", "5", "--timeout", "5", "script.ts"], { cwd });
    expect(stderr).toMatch(/^tsmpi: time limit of 5 s reached; stopping all ranks\ntsmpi: what the ranks do:\n/);
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
