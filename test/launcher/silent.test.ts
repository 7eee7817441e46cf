import { describe, expect, test } from "vitest";
import { folder, type Running, start } from "../support/run-tsmpi.ts";

const script = `import { init } from "tsmpi";
const world = await init();
console.log("up", world.rank, process.pid);
if (world.rank === 1) await new Promise((resolve) => setTimeout(resolve, 6000));
await world.barrier();
console.log("through");
`;

/** A job of three ranks that wait for rank 1, and the process of that. */
async function started(...options: string[]): Promise<{ running: Running; pid: number }> {
  const running = start(["run", "-n", "3", ...options, "script.ts"], { cwd: folder({ "script.ts": script }) });
  await running.shows("up", 3);
  return { running, pid: Number(/up 1 (\d+)/.exec(running.stdout)?.[1]) };
}

const silent = /^tsmpi: rank 1 of 3 on \S+ \(pid \d+\) is silent: it was stopped \(SIGSTOP\), nothing of it runs/;

describe("a rank that was stopped", () => {
  test("is named, and killed after --silent-after", async () => {
    const { running, pid } = await started("--silent-after", "2");
    process.kill(pid, "SIGSTOP");
    const { code, stderr } = await running.result;
    const [first, second, third] = stderr.split("\n");
    expect(first).toMatch(silent);
    expect(first).toMatch(/; it is killed in 2 s unless it goes on \(--silent-after\)$/);
    expect(second).toMatch(
      /^tsmpi: rank 1 of 3 .* was killed by SIGKILL \(it had been stopped for 2 s, --silent-after\); stopping the other ranks$/,
    );
    expect(third).toBe("  meanwhile: ranks 0, 2 in barrier() #0 at script.ts:5");
    expect(code).toBe(137);
  });

  test("may go on", async () => {
    const { running, pid } = await started("--silent-after", "4");
    process.kill(pid, "SIGSTOP");
    setTimeout(() => process.kill(pid, "SIGCONT"), 3500);
    const { code, stdout, stderr } = await running.result;
    expect(stderr).toMatch(silent);
    expect(stderr).toMatch(/^tsmpi: rank 1 of 3 .* goes on$/m);
    expect(stdout.match(/through/g)).toHaveLength(3);
    expect(code).toBe(0);
  });

  test("is named in what the ranks do when the time is up", async () => {
    const { running, pid } = await started("--silent-after", "0", "--timeout", "6");
    process.kill(pid, "SIGSTOP");
    const { code, stderr } = await running.result;
    expect(stderr.split("\n")[0]).toMatch(/nothing of it runs$/);
    expect(stderr).toMatch(/^ {2}1 +\S+ +is stopped \(SIGSTOP\)$/m);
    expect(code).toBe(124);
  });
});

test("a rank that computes is not silent, nor are all when the whole job is suspended", async () => {
  const program = 'console.log("up"); const end = Date.now() + 5000; while (Date.now() < end);';
  const running = start(["run", "-n", "2", "--silent-after", "1", "script.mjs"], {
    cwd: folder({ "script.mjs": program }),
  });
  await running.shows("up", 2);
  running.child.kill("SIGTSTP");
  setTimeout(() => running.child.kill("SIGCONT"), 4000);
  expect(await running.result).toMatchObject({ code: 0, stderr: "" });
});
