import { describe, expect, test } from "vitest";
import { folder, runTsmpi } from "../support/run-tsmpi.ts";

function run(lines: string, ...options: string[]): ReturnType<typeof runTsmpi> {
  const script = `import { init, sum } from "tsmpi";\nconst world = await init();\n${lines}\n`;
  const cwd = folder({ "script.ts": script });
  return runTsmpi(["run", "-n", "4", "--deadlock-after", "1", ...options, "script.ts"], { cwd });
}

describe("ranks that all wait for each other end with exit code 123 and a table of who waits for whom", () => {
  test.each([
    [
      "in receives",
      "await world.recv({ source: (world.rank + 1) % 4, tag: 7 });",
      /rank 2 on \S+: recv\(\{ source: 3, tag: 7 \}\) waits for rank 3/,
    ],
    [
      "in a collective that one rank left out",
      "if (world.rank === 3) await world.recv({ source: 0 });\nawait world.barrier();",
      /rank 3 on \S+: recv\(\{ source: 0 \}\) waits for rank 0/,
    ],
    [
      "in large sends that nobody receives",
      "await world.send(new Uint8Array(1e6), { dest: (world.rank + 1) % 4 });",
      /rank 1 on \S+: send\(\{ dest: 2 \}\) waits for rank 2/,
    ],
  ])("%s", async (_, lines, line) => {
    const { code, stderr } = await run(lines);
    expect(stderr).toMatch(/tsmpi: deadlock: every rank waits and nothing is on its way/);
    expect(stderr).toMatch(line);
    expect(code).toBe(123);
  });

  test("over ZeroMQ too", async () => {
    const { code } = await run(
      "await world.recv({ source: (world.rank + 1) % 4 });",
      "--env",
      "TSMPI_TRANSPORT=zeromq",
    );
    expect(code).toBe(123);
  });
});

describe("nobody is called deadlocked", () => {
  test.each([
    [
      "while one rank computes",
      "if (world.rank === 0) { const end = Date.now() + 4000; while (Date.now() < end); }\nawait world.barrier();",
    ],
    [
      "while one rank sleeps",
      "if (world.rank === 0) await new Promise((done) => setTimeout(done, 4000));\nawait world.barrier();",
    ],
    ["while a wait has a limit of its own", "await world.recv({ signal: AbortSignal.timeout(4000) }).catch(() => {});"],
    [
      "while messages come and go",
      "const end = Date.now() + 4000;\nwhile (await world.allreduce(Date.now() < end ? 1 : 0, sum) === 4);",
    ],
  ])("%s", async (_, lines) => {
    const { code, stderr } = await run(`${lines}\nconsole.log("done");`);
    expect(stderr).toBe("");
    expect(code).toBe(0);
  });

  test("with --deadlock-after 0", async () => {
    const { code } = await run("await world.recv();", "--deadlock-after", "0", "--timeout", "4");
    expect(code).toBe(124);
  });
});
