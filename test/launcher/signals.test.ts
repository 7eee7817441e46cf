import { existsSync, readFileSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { command, folder, processesWith, runTsmpi, shell, start, startScript, until } from "../support/run-tsmpi.ts";

const rank = "const rank = Number(process.env.TSMPI_RANK);\n";
const ready = `console.log("ready"); setInterval(() => {}, 1000);`;

describe("signals to the launcher", () => {
  it.each([
    ["SIGINT", 130],
    ["SIGTERM", 143],
    ["SIGHUP", 143],
  ] as const)("%s ends the ranks and gives its own exit code", async (signal, code) => {
    const running = startScript(ready, ["-n", "3"]);
    await running.shows("ready", 3);
    running.child.kill(signal);
    const result = await running.result;
    expect({ code: result.code, stdout: result.stdout }).toEqual({ code, stdout: "ready\n".repeat(3) });
    expect(result.stderr).not.toMatch(/rank \d of/);
  });

  it.each(["SIGINT", "SIGTERM", "SIGUSR1", "SIGUSR2"] as const)("%s reaches every rank", async (signal) => {
    const script = `process.on("${signal}", () => { console.log("got ${signal}"); process.exit(0); }); ${ready}`;
    const running = startScript(script, ["-n", "3"]);
    await running.shows("ready", 3);
    running.child.kill(signal);
    await running.shows(`got ${signal}`, 3);
    const code = { SIGINT: 130, SIGTERM: 143, SIGUSR1: 0, SIGUSR2: 0 }[signal];
    expect((await running.result).code).toBe(code);
  });

  it.each([
    ["run, before init() and after", ["run", "-n", "2", "script.mjs"]],
    ["run, in CommonJS", ["run", "-n", "2", "script.cjs"]],
    ["exec", ["exec", "-n", "2", "node", "script.mjs"]],
  ])("open no debugger: SIGUSR1 to ranks of %s", async (_, args) => {
    const signal = `process.kill(process.pid, "SIGUSR1"); await new Promise((resolve) => setTimeout(resolve, 300));`;
    const tell = `console.log(inspector.url() ?? "closed");`;
    const cwd = folder({
      "script.mjs": `import inspector from "node:inspector"; import { init } from "tsmpi"; ${signal} await init(); ${signal} ${tell}`,
      "script.cjs": `const inspector = require("node:inspector"); (async () => { ${signal} ${tell} })();`,
    });
    symlinkSync(fileURLToPath(new URL("../node_modules", import.meta.url)), join(cwd, "node_modules"));
    const result = await runTsmpi(args, { cwd });
    expect(result).toEqual({ code: 0, signal: null, stdout: "closed\nclosed\n", stderr: "" });
  });

  it.skipIf(!existsSync("/usr/bin/python3"))(
    "open no debugger of the launcher either, when SIGUSR1 comes before its code runs",
    async () => {
      // Node finds the signal pending when it starts.
      const start = `import os, signal, sys
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1])
os.kill(os.getpid(), signal.SIGUSR1)
os.execvp(sys.argv[1], sys.argv[1:])`;
      // The rank's parent is the launcher. Of one host it listens on no port but its debugger's.
      const script = `import { readdirSync, readFileSync, readlinkSync } from "node:fs";
const open = "/proc/" + process.ppid + "/fd/";
const sockets = readdirSync(open).flatMap((fd) => { try { return [readlinkSync(open + fd)]; } catch { return []; } });
const listening = readFileSync("/proc/net/tcp", "utf8").split("\\n").map((line) => line.trim().split(/ +/)).filter((row) => row[3] === "0A");
console.log(listening.filter((row) => sockets.includes("socket:[" + row[9] + "]")).length);`;
      const cwd = folder({ "start.py": start, "script.mjs": script });
      const run = `exec python3 start.py "$NODE" "$TSMPI" run -n 1 script.mjs`;
      const env = { NODE: process.execPath, TSMPI: command, NODE_OPTIONS: "--debug-port=0" };
      const { code, stdout, stderr } = await shell(run, { cwd, env }).result;
      expect({ code, stdout }).toEqual({ code: 0, stdout: "0\n" });
      expect(stderr).toContain("Debugger listening on");
    },
  );

  it("leave ranks a moment to tidy up, and then kill them", async () => {
    const script = `${rank}process.on("SIGTERM", () => { if (rank === 0) setTimeout(() => { console.log("saved"); process.exit(); }, 500); }); ${ready}`;
    const running = startScript(script, ["-n", "2", "--kill-after", "2"]);
    await running.shows("ready", 2);
    running.child.kill("SIGTERM");
    const { code, stdout } = await running.result;
    expect({ code, stdout }).toEqual({ code: 143, stdout: "ready\nready\nsaved\n" });
  });

  it("kill at once the second time", async () => {
    const script = `process.on("SIGINT", () => console.log("no")); ${ready}`;
    const running = startScript(script, ["-n", "2", "--kill-after", "1000"]);
    await running.shows("ready", 2);
    running.child.kill("SIGINT");
    await running.shows("no", 2);
    await new Promise((resolve) => setTimeout(resolve, 200));
    running.child.kill("SIGINT");
    expect((await running.result).code).toBe(130);
  });

  it("are one wish when SIGTERM comes several times at once, as with qdel and `timeout`", async () => {
    const script = `process.on("SIGTERM", () => setTimeout(() => { console.log("saved"); process.exit(0); }, 1500)); ${ready}`;
    const running = startScript(script, ["-n", "2", "--kill-after", "30"]);
    await running.shows("ready", 2);
    running.child.kill("SIGTERM");
    await new Promise((resolve) => setTimeout(resolve, 200));
    running.child.kill("SIGTERM");
    const { code, stdout } = await running.result;
    expect({ code, stdout }).toEqual({ code: 143, stdout: "ready\nready\nsaved\nsaved\n" });
  });

  it("end the job also when nobody reads its output", async () => {
    const running = startScript(`for (;;) console.log("y".repeat(1000));`, ["-n", "2", "--kill-after", "1"]);
    await running.shows("y");
    running.child.stdout!.pause();
    running.child.kill("SIGTERM");
    const code = await new Promise((resolve) => running.child.once("exit", resolve));
    expect(code).toBe(143);
  });

  it("stop and continue the ranks with the launcher, as Ctrl-Z and fg do", async () => {
    const running = startScript(ready, ["-n", "2"]);
    await running.shows("ready", 2);
    const job = /TSMPI_JOB=(\w+)/.exec(environmentOfARank(running.child.pid!))![1]!;
    // The guardian, which names the job among its arguments, is left alone.
    const states = () => processesWith(`TSMPI_JOB=${job}`).map(stateOf);
    running.child.kill("SIGTSTP");
    await until(
      () => states().filter((state) => state === "T").length === 2 && stateOf(running.child.pid!) === "T",
      "all are stopped",
    );
    running.child.kill("SIGCONT");
    await until(() => !states().includes("T"), "all go on");
    running.child.kill("SIGTERM");
    expect((await running.result).code).toBe(143);
  });
});

describe("signals to ranks that are shells", () => {
  const trap = `const [who] = process.argv.slice(2);
    for (const signal of ["SIGUSR1", "SIGTERM"]) process.on(signal, () => console.log(who + " got " + signal));
    process.on("SIGTERM", () => setTimeout(() => { console.log(who + " saved"); process.exit(); }, 300));
    console.log(who + " ready"); setInterval(() => {}, 1000);`;
  // "own" is a process group of its own; where ranks are in their agent's group, that is all the same.
  const line = `case $TSMPI_RANK in
    0) node trap.mjs child; true ;;
    1) trap 'echo shell got SIGUSR1' USR1; node trap.mjs trapped & wait; wait; wait ;;
    2) sleep 1000 & node trap.mjs piped | cat >&2; true ;;
    3) trap '' USR1; setsid node trap.mjs own & wait ;;
  esac`;

  it.each([
    ["", {}],
    [", under PBS too", { PBS_JOBID: "17.head", PBS_NODEFILE: "/dev/null" }],
  ])("reach what a shell waits for%s", async (_where, pbs) => {
    const cwd = folder({ "trap.mjs": trap });
    const args = ["exec", "-n", "4", "--hosts", "localhost:4", "sh", "-c", line];
    const running = start(args, { cwd, env: pbs });
    await running.shows(" ready", 3);
    await until(() => running.stderr.includes("piped ready"), "the one in a pipeline is ready");
    running.child.kill("SIGUSR1");
    await running.shows("child got SIGUSR1");
    await running.shows("shell got SIGUSR1");
    await until(() => running.stderr.includes("piped got SIGUSR1"), "the one in a pipeline has got it");
    running.child.kill("SIGTERM");
    await running.shows("saved", 2);
    const { code, stdout } = await running.result;
    expect(code).toBe(143);
    expect(stdout).not.toMatch(/own got|trapped got SIGUSR1/);
  });

  it("of a terminal that goes away means nothing to nohup", async () => {
    const cwd = folder({
      "script.mjs": `console.log("ready"); process.stdin.on("end", () => console.log("done")).resume();`,
    });
    // Node forgets at its start that the signal was ignored.
    const running = shell(`trap '' HUP; echo $$; tsmpi run -n 1 script.mjs; echo "ended with $?"`, { cwd });
    await running.shows("ready");
    const [launcher] = processesWith("script.mjs").filter(
      (pid) => parentOf(pid) === Number(running.stdout.split("\n")[0]),
    );
    process.kill(launcher!, "SIGHUP");
    await new Promise((resolve) => setTimeout(resolve, 200));
    running.child.stdin!.end();
    expect((await running.result).stdout).toMatch(/^\d+\nready\ndone\nended with 0\n$/);
  });
});

function parentOf(pid: number): number {
  return Number(statOf(pid)[1]);
}

function environmentOfARank(launcher: number): string {
  const rank = processesWith("TSMPI_RANK=0").find((pid) => parentOf(pid) === launcher);
  if (rank === undefined) throw new Error("no rank found");
  return readFileSync(`/proc/${rank}/environ`, "latin1");
}

function stateOf(pid: number): string {
  return statOf(pid)[0]!;
}

/** The fields of /proc from the state on; none of a process that has ended, as those of other tests do at any moment. */
function statOf(pid: number): string[] {
  try {
    return readFileSync(`/proc/${pid}/stat`, "latin1")
      .replace(/^.*\) /s, "")
      .split(" ");
  } catch {
    return [];
  }
}
