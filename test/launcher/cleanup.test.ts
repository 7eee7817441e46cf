import { randomUUID } from "node:crypto";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { hostname } from "node:os";
import { dirname, join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { folder, processesWith, type Running, startScript, until } from "../support/run-tsmpi.ts";

/** Starts a job whose processes and files can be told from all others. */
function startMarked(script: string, args: string[], env: Record<string, string> = {}) {
  const mark = randomUUID();
  const temporary = mkdtempSync("/dev/shm/tsmpi-test-");
  onTestFinished(() => rmSync(temporary, { recursive: true, force: true }));
  const running = startScript(script, args, { env: { ...env, MARK: mark, TSMPI_TMPDIR: temporary } });
  return {
    running,
    temporary,
    // The guardian has no environment to speak of, but the job's directory among its arguments.
    alive: () => new Set([...processesWith(mark), ...processesWith(temporary)]).size,
    files: () => readdirSync(temporary),
  };
}

async function expectNothingLeft({ alive, files }: ReturnType<typeof startMarked>, limitMs = 20_000): Promise<void> {
  await until(() => alive() === 0, "no process is left", limitMs);
  await until(() => files().length === 0, "no file is left", limitMs);
}

function sessionOf(pid: number): string {
  return readFileSync(`/proc/${pid}/stat`, "utf8")
    .replace(/^.*\) /, "")
    .split(" ")[3]!;
}

const children = `import { spawn } from "node:child_process";
  spawn("sleep", ["1000"], { stdio: "ignore" });
  spawn("sleep", ["1000"], { stdio: "ignore", detached: true }).unref();
`;

describe("a launcher killed by SIGKILL leaves no process and no file within 5 seconds", () => {
  it.each([
    ["when ranks are idle", `console.log("ready"); setInterval(() => {}, 1000);`],
    ["when ranks are busy in an endless loop", `console.log("ready"); for (;;) {}`],
    [
      "when ranks ignore every signal they can",
      `for (const s of ["SIGTERM", "SIGINT", "SIGHUP"]) process.on(s, () => {}); console.log("ready"); setInterval(() => {}, 1000);`,
    ],
    [
      "when ranks have children, some in sessions of their own",
      `${children} console.log("ready"); setInterval(() => {}, 1000);`,
    ],
    ["when ranks write without end", `console.log("ready"); for (;;) console.log("y");`],
  ])("%s", async (_name, script) => {
    const job = startMarked(script, ["-n", "3"]);
    await job.running.shows("ready", 3);
    expect(job.files()).not.toEqual([]);
    job.running.child.kill("SIGKILL");
    await expectNothingLeft(job, 5000);
  });

  it("when it runs under PBS, whose reach no process may leave by a session of its own", async () => {
    const script = `import { readFileSync } from "node:fs";
      console.log("session " + readFileSync("/proc/self/stat", "utf8").replace(/^.*\\) /, "").split(" ")[3]); for (;;) {}`;
    const job = startMarked(script, ["-n", "3"], {
      PBS_JOBID: "17.head",
      PBS_NODEFILE: join(folder({ nodes: `${hostname()}\n` }), "nodes"),
    });
    await job.running.shows("session", 3);
    const sessions = new Set(job.running.stdout.trimEnd().split("\n"));
    expect([...sessions]).toEqual([`session ${sessionOf(process.pid)}`]);
    job.running.child.kill("SIGKILL");
    await expectNothingLeft(job, 5000);
  });

  it("when it is killed while it starts its ranks", async () => {
    const job = startMarked("for (;;) {}", ["-n", "16"]);
    await until(() => job.alive() > 3, "some ranks have been started");
    job.running.child.kill("SIGKILL");
    await expectNothingLeft(job);
  });
});

describe("nothing is left behind", () => {
  const ends: [string, string, string[], (running: Running) => void][] = [
    ["by a job that ends well", "", [], () => {}],
    ["by a job that fails", "process.exit(1);", [], () => {}],
    ["by a job that runs out of time", "setInterval(() => {}, 1000);", ["--timeout", "4"], () => {}],
    ["by a job that is interrupted", `setInterval(() => {}, 1000);`, [], (running) => running.child.kill("SIGINT")],
  ];
  it.each(ends)("%s", async (_name, script, args, act) => {
    const job = startMarked(
      `${children} console.log("ready"); setTimeout(() => { ${script || "process.exit(0)"} }, 500);`,
      ["-n", "2", ...args],
    );
    await job.running.shows("ready", 2);
    act(job.running);
    await job.running.result;
    await expectNothingLeft(job, 1000);
  });

  it("in the process table: ended ranks are reaped while the others run on", async () => {
    const job = startMarked(`console.log("ready"); if (process.env.TSMPI_RANK === "0") setInterval(() => {}, 1000);`, [
      "-n",
      "4",
    ]);
    await job.running.shows("ready", 4);
    await until(() => job.alive() === 3, "launcher, guardian and rank 0 are all that is left");
    job.running.child.kill("SIGTERM");
    await job.running.result;
  });
});

it("the job's directory is for its owner alone and its path is short", async () => {
  const long = `${folder()}/${"long".repeat(20)}`;
  mkdirSync(long);
  const running = startScript(`console.log(process.env.TSMPI_SOCKET); setInterval(() => {}, 1000);`, ["-n", "1"], {
    env: { TMPDIR: long },
  });
  await running.shows("\n");
  const directory = dirname(running.stdout.trim());
  expect(directory.length).toBeLessThan(80);
  expect(statSync(directory).mode & 0o777).toBe(0o700);
  running.child.kill("SIGTERM");
  await running.result;
});
