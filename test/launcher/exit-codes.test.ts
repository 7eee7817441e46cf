import { describe, expect, it } from "vitest";
import { folder, processesWith, runScript, shell, startScript } from "../support/run-tsmpi.ts";

const rank = "const rank = Number(process.env.TSMPI_RANK);\n";
const idle = "setInterval(() => {}, 1000);";

/** The lines in which the launcher itself reports. */
function reports(stderr: string): string[] {
  return stderr.split("\n").filter((line) => line.startsWith("tsmpi: "));
}

describe("the exit code", () => {
  it("is 0 when every rank ends with 0", async () => {
    expect(await runScript("", ["-n", "3"])).toMatchObject({ code: 0, signal: null, stdout: "" });
  });

  it.each([
    ["process.exit(3)", "process.exit(3)", 3, "ended with exit code 3"],
    ["an exception", "throw new Error('boom')", 1, "ended with exit code 1"],
    ["a rejection", "await Promise.reject(new Error('boom'))", 1, "ended with exit code 1"],
    ["process.exitCode", "process.exitCode = 7", 7, "ended with exit code 7"],
    ["SIGKILL", "process.kill(process.pid, 'SIGKILL')", 137, "was killed by SIGKILL"],
    ["SIGSEGV", "process.kill(process.pid, 'SIGSEGV')", 139, "was killed by SIGSEGV"],
    ["SIGTERM of its own", "process.kill(process.pid, 'SIGTERM')", 143, "was killed by SIGTERM"],
  ])("is that of the first rank to fail: %s", async (_name, end, code, words) => {
    const result = await runScript(`${rank}if (rank === 2) { ${end}; } else ${idle}`, ["-n", "4"]);
    expect(result.code).toBe(code);
    expect(reports(result.stderr)).toHaveLength(1);
    expect(reports(result.stderr)[0]).toMatch(
      new RegExp(`^tsmpi: rank 2 of 4 on \\S+ \\(pid \\d+\\) ${words}; stopping the other ranks$`),
    );
  });

  it("shows a failing rank's stack once", async () => {
    const { stderr } = await runScript(`${rank}if (rank === 1) throw new Error("boom"); else ${idle}`, ["-n", "4"]);
    expect(stderr.match(/Error: boom/g)).toHaveLength(1);
    expect(stderr).toContain("script.mjs:2");
  });

  it("is that of the first failure, whatever ranks do when they are stopped", async () => {
    const script = `${rank}
      if (rank === 1) setTimeout(() => process.exit(5), 500);
      process.on("SIGTERM", () => process.exit(9)); ${idle}`;
    const { code, stderr } = await runScript(script, ["-n", "3"]);
    expect(code).toBe(5);
    expect(reports(stderr)).toHaveLength(1);
  });

  it("is 124 when the time is up", async () => {
    const { code, stderr } = await runScript(idle, ["-n", "2", "--timeout", "1.5"]);
    expect({ code, reports: reports(stderr) }).toEqual({
      code: 124,
      reports: ["tsmpi: time limit of 1.5 s reached; stopping all ranks"],
    });
  });

  it("is not changed by a time limit that is not reached", async () => {
    expect((await runScript("process.exit(4)", ["-n", "1", "--timeout", "100"])).code).toBe(4);
  });

  it("is 124 also when nobody reads the output", async () => {
    const running = startScript(`for (;;) console.log("y".repeat(1000));`, [
      "-n",
      "2",
      "--timeout",
      "1",
      "--kill-after",
      "1",
    ]);
    running.child.stdout!.pause();
    const code = await new Promise((resolve) => running.child.once("exit", resolve));
    expect(code).toBe(124);
  });

  it("is 1, with one message, for a script with a syntax error", async () => {
    const cwd = folder({ "script.ts": "const a = ;\n" });
    const { stdout, stderr } = await shell("tsmpi run -n 4 script.ts; echo $?", { cwd }).result;
    expect(stdout).toBe("1\n");
    expect(stderr.match(/^tsmpi: /gm)).toHaveLength(1);
    expect(stderr).toContain("script.ts");
  });

  it("is 125 when the ranks cannot be started", async () => {
    const cwd = folder({ "script.mjs": idle });
    const { stdout, stderr } = await shell("ulimit -n 60; tsmpi run -n 64 script.mjs; echo $?", { cwd }).result;
    expect(stdout).toBe("125\n");
    expect(reports(stderr)).toEqual([
      expect.stringMatching(/^tsmpi: cannot start rank \d+: the limit of open files is reached/),
    ]);
    expect(processesWith(cwd)).toEqual([]);
  });
});

describe("a rank that fails ends the others within 5 seconds", () => {
  it.each([
    ["which are busy in an endless loop", "for (;;) {}"],
    ["which ignore SIGTERM", `process.on("SIGTERM", () => {}); ${idle}`],
    ["which write without end", `for (;;) console.log("y");`],
    ["which stopped themselves", `process.kill(process.pid, "SIGSTOP");`],
  ])("%s", async (_name, others) => {
    const script = `${rank}if (rank === 0) setTimeout(() => { console.error("failing " + Date.now()); process.exit(6); }, 1000); else { ${others} }`;
    const { code, stderr } = await runScript(script, ["-n", "3"]);
    expect(code).toBe(6);
    expect(Date.now() - Number(/failing (\d+)/.exec(stderr)![1])).toBeLessThan(5000);
  });
});
