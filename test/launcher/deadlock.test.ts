import { describe, expect, test } from "vitest";
import { folder, runTsmpi } from "../support/run-tsmpi.ts";

function run(lines: string, ...options: string[]): ReturnType<typeof runTsmpi> {
  const script = `import { init, sum } from "tsmpi";\nconst world = await init();\n${lines}\n`;
  const cwd = folder({ "script.ts": script });
  return runTsmpi(["run", "-n", "4", "--deadlock-after", "1", ...options, "script.ts"], { cwd });
}

/** The report without what differs from run to run: the host's name, and how long. */
function plain(stderr: string): string[] {
  const host = /^ {2}\S+(?:, \S+)* +(\S+) /m.exec(stderr.split("\n").slice(2).join("\n"))?.[1] ?? "?";
  return stderr
    .trimEnd()
    .split("\n")
    .map((line) =>
      line
        .replaceAll(` ${host} `, " HOST ")
        .replace(/\d+(\.\d)? s\b/, "T")
        .replace(/ +/g, " ")
        .trim(),
    );
}

describe("ranks that all wait for each other end with exit code 123, a table, and the reason in words", () => {
  const title = "tsmpi: deadlock: every rank waits and nothing is on its way";
  const head = "ranks hosts call waits for for at";

  test.each([
    [
      "in a circle of receives",
      "await world.recv({ source: (world.rank + 1) % 4, tag: 7 });",
      [
        "0 HOST recv({ source: 1, tag: 7 }) rank 1 T script.ts:3",
        "1 HOST recv({ source: 2, tag: 7 }) rank 2 T script.ts:3",
        "2 HOST recv({ source: 3, tag: 7 }) rank 3 T script.ts:3",
        "3 HOST recv({ source: 0, tag: 7 }) rank 0 T script.ts:3",
        "rank 0 waits for 1, 1 waits for 2, 2 waits for 3, 3 waits for 0: a circle of 4",
      ],
    ],
    [
      "in a circle of a window's locks",
      "const window = await world.window(Int32Array, 1);\nawait window.lock({ target: world.rank });\nawait world.barrier();\nawait window.lock({ target: (world.rank + 1) % 4 });",
      [
        "0 HOST window.lock({ target: 1 }) rank 1 T script.ts:6",
        "1 HOST window.lock({ target: 2 }) rank 2 T script.ts:6",
        "2 HOST window.lock({ target: 3 }) rank 3 T script.ts:6",
        "3 HOST window.lock({ target: 0 }) rank 0 T script.ts:6",
        "rank 0 waits for 1, 1 waits for 2, 2 waits for 3, 3 waits for 0: a circle of 4",
      ],
    ],
    [
      "in a collective that one rank has not come to",
      "if (world.rank === 3)\n  await world.recv({ source: 0 });\nawait world.barrier();",
      [
        "0-2 HOST barrier() #0 others T script.ts:5",
        "3 HOST recv({ source: 0 }) rank 0 T script.ts:4",
        "ranks 0-2 are in barrier() #0 at script.ts:5; rank 3 is in recv({ source: 0 }) at script.ts:4",
      ],
    ],
    [
      "for a message with another tag",
      "if (world.rank === 0) await world.send(1, { dest: 1, tag: 8 });\nif (world.rank < 2) await world.recv({ source: 1 - world.rank, tag: 7 });",
      [
        "0 HOST recv({ source: 1, tag: 7 }) rank 1 T script.ts:4",
        "1 HOST recv({ source: 0, tag: 7 }) rank 0 T script.ts:4",
        "rank 0 waits for 1, 1 waits for 0: a circle of 2",
        "rank 1 has 1 message from rank 0 with tag 8, but its recv({ source: 0, tag: 7 }) wants another tag",
      ],
    ],
    ["for any rank, all at the same line", "await world.recv();", ["0-3 HOST recv() any rank T script.ts:3"]],
  ])("%s", async (_, lines, report) => {
    const { code, stderr } = await run(lines);
    const ended = /, \d of 4 ranks have ended/;
    expect(plain(stderr.replace(ended, ""))).toEqual([title, head, ...report]);
    expect(code).toBe(123);
  });

  test("in large sends that nobody receives", async () => {
    const { code, stderr } = await run("await world.send(new Uint8Array(1e6), { dest: (world.rank + 1) % 4 });");
    expect(plain(stderr)).toContain("1 HOST send({ dest: 2 }) rank 2 T script.ts:3");
    expect(plain(stderr)).toContain("not received by rank 1: 1 message from rank 0 with tag 0");
    expect(code).toBe(123);
  });

  test("over ZeroMQ too", async () => {
    const { code, stderr } = await run(
      "await world.recv({ source: (world.rank + 1) % 4 });",
      "--env",
      "TSMPI_TRANSPORT=zeromq",
    );
    expect(stderr).toContain("script.ts:3");
    expect(code).toBe(123);
  });
});

test("many ranks that wait at the same line are one line of the table", async () => {
  const script =
    'import { init } from "tsmpi";\nconst world = await init();\nawait world.recv({ source: (world.rank + 1) % 32 });\n';
  const cwd = folder({ "script.ts": script });
  const { code, stderr } = await runTsmpi(["run", "-n", "32", "--deadlock-after", "2", "script.ts"], { cwd });
  expect(stderr).toMatch(/^ {2}0-31 +\S+ +recv\(\{ source: 1 \}\) and the like +ranks 0-31 .* script\.ts:3$/m);
  expect(stderr).toMatch(/0 waits for 1, .*, \.\.\., 31 waits for 0: a circle of 32$/m);
  expect(stderr.split("\n").length).toBeLessThan(8);
  expect(code).toBe(123);
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
