import { spawn } from "node:child_process";
import { chmodSync, chownSync, copyFileSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { folder, Running } from "../support/run-tsmpi.ts";

const command = fileURLToPath(new URL("../../packages/launcher/bin/tsmpi.js", import.meta.url));
/** Whether this process may become other users, and these may read the repository. */
const possible = process.getuid?.() === 0 && mayRead(command);

const program = `
  import { readdirSync, openSync } from "node:fs";
  import { dirname } from "node:path";
  import { init, sum } from "tsmpi";
  const directory = dirname(process.env.TSMPI_SOCKET);
  const world = await init();
  const whose = process.getuid();
  for (let i = 0; i < 200; i++) if ((await world.allreduce(whose, sum)) !== whose * 2) throw new Error("not ours");
  if (world.rank === 0) console.log("at", directory);
  await new Promise((resolve) => process.stdin.once("data", (text) => resolve(tryAt(String(text).trim()))).once("end", resolve));
  function tryAt(other) {
    for (const attempt of [() => readdirSync(other), () => openSync(other + "/0", "r+"), () => openSync(other + "/0.bell", "w")]) {
      try { attempt(); console.log("got in"); } catch ({ code }) { console.log(code); }
    }
  }
  process.stdin.destroy();
  await world.close();
`;

/** Node where every user may run it: it may have come from somebody's own cache. */
function commonNode(): string {
  const place = folder({});
  chmodSync(place, 0o755);
  copyFileSync(process.execPath, join(place, "node"));
  return join(place, "node");
}

function startAs(user: number, node: string): Running {
  const home = folder({ "script.mjs": program });
  chownSync(home, user, user);
  chmodSync(home, 0o700);
  chownSync(join(home, "script.mjs"), user, user);
  const who = ["--reuid", String(user), "--regid", String(user), "--clear-groups"];
  const env = { PATH: process.env["PATH"], HOME: home, TMPDIR: "/tmp" };
  return new Running(spawn("setpriv", [...who, node, command, "run", "-n", "2", "script.mjs"], { cwd: home, env }));
}

function mayRead(path: string): boolean {
  try {
    readFileSync(path);
    return true;
  } catch {
    return false;
  }
}

describe.runIf(possible)("the jobs of two users on one host", () => {
  test("run at the same time, do not meet, and do not get at each other", async () => {
    const node = commonNode();
    const jobs = [startAs(60_001, node), startAs(60_002, node)] as const;
    await Promise.all(jobs.map((job) => job.shows("at ")));
    const [first, second] = jobs.map((job) => /at (\S+)/.exec(job.stdout)?.[1]);
    expect(first).not.toBe(second);
    jobs[0].child.stdin?.end(`${second}\n`);
    jobs[1].child.stdin?.end(`${first}\n`);
    for (const job of jobs) {
      const { code, stdout, stderr } = await job.result;
      expect({ code, stdout: stdout.replace(/at \S+/, "at"), stderr }).toEqual({
        code: 0,
        stdout: `at\n${"EACCES\n".repeat(3)}`,
        stderr: "",
      });
    }
  });
});
