import { existsSync, readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { describe, expect, it } from "vitest";
import { folder, runScript, shell, startScript, until } from "../support/run-tsmpi.ts";

/** Of this process and its place: `pid, group, session`. */
const place = `const { pid } = process; const stat = (await import("node:fs")).readFileSync("/proc/self/stat", "latin1");
  const [, , group, session] = stat.replace(/^.*\\) /, "").split(" ").map(Number);`;

const crowd = String(availableParallelism() + 1);
/** Whether this kernel shares out its time among sessions, and there is what makes a group without one. */
const bySession = read("/proc/sys/kernel/sched_autogroup_enabled").trim() === "1" && existsSync("/usr/bin/perl");

function read(path: string): string {
  return existsSync(path) ? readFileSync(path, "latin1") : "";
}

async function placesOf(args: string[], env: Record<string, string> = {}) {
  const script = `${place} console.log(JSON.stringify({ pid, group, session, perl: process.env.PERL_BADLANG }));`;
  const { stdout, stderr } = await runScript(script, args, { env });
  expect(stderr).toBe("");
  return stdout
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as { pid: number; group: number; session: number; perl?: string });
}

describe("each rank leads a process group of its own", () => {
  it("and a session, where there is a CPU for each", async () => {
    for (const { pid, group, session } of await placesOf(["-n", "1"])) {
      expect({ group, session }).toEqual({ group: pid, session: pid });
    }
  });

  it("in one session, where they have to give way to each other and the kernel shares its time among sessions", async () => {
    const places = await placesOf(["-n", crowd], { LC_ALL: "xx_YY.UTF-8" });
    expect(places.map(({ group }) => group)).toEqual(places.map(({ pid }) => pid));
    expect(new Set(places.map(({ session }) => session)).size).toBe(bySession ? 1 : Number(crowd));
    expect(places.map(({ perl }) => perl)).toEqual(places.map(() => undefined));
  });

  it("whatever perl is told by the environment", async () => {
    for (const env of [{ PERL5OPT: "-Mno::such::module" }, { PERL_BADLANG: "1" }]) {
      const places = await placesOf(["-n", crowd], env);
      expect(places.map(({ group, perl }) => ({ group, perl }))).toEqual(
        places.map(({ pid }) => ({ group: pid, perl: (env as Record<string, string>)["PERL_BADLANG"] })),
      );
    }
  });

  it("which is not the launcher's: who signals that leaves them to the launcher", async () => {
    const script = `process.on("SIGTERM", () => { console.log("heard"); setTimeout(() => process.exit(), 500); });
      console.log("ready"); setInterval(() => {}, 1000);`;
    const line = `set -m; tsmpi run -n ${crowd} script.mjs & echo "group $!"; wait $!; echo "code $?"`;
    const running = shell(line, { cwd: folder({ "script.mjs": script }) });
    await running.shows("ready", Number(crowd));
    process.kill(-Number(/group (\d+)/.exec(running.stdout)![1]), "SIGTERM");
    const { stdout } = await running.result;
    expect(stdout.split("heard").length - 1).toBe(Number(crowd));
    expect(stdout).toContain("code 143");
  });
});

it("a rank's children die with it, while the others go on", async () => {
  const script = `import { spawn } from "node:child_process";
    if (process.env.TSMPI_RANK !== "0") { setInterval(() => {}, 1000); } else {
      console.log("child " + spawn("sleep", ["1000"], { stdio: "ignore" }).pid);
      setTimeout(() => process.exit(0), 300);
    }`;
  const running = startScript(script, ["-n", crowd]);
  await running.shows("child");
  const child = Number(/child (\d+)/.exec(running.stdout)![1]);
  await until(() => read(`/proc/${child}/cmdline`) === "", "the child is gone", 2000); // a zombie, perhaps
  expect(running.child.exitCode).toBe(null);
  running.child.kill("SIGTERM");
  await running.result;
});
