import { spawn } from "node:child_process";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { Random } from "../support/random.ts";
import { command, folder, type Result, Running, runScript, start } from "../support/run-tsmpi.ts";
import { perTier } from "../support/tier.ts";

/** Runs a script in a shell line, in which `$RUN` stands for `tsmpi run -n 3 script.mjs`. */
function inShell(script: string, line: string): Promise<Result> {
  const directory = folder({ "script.mjs": script });
  const env = { ...process.env, NODE: process.execPath, RUN: `${process.execPath} ${command} run -n 3 script.mjs` };
  const child = spawn("bash", ["-c", line], { cwd: directory, env, stdio: ["ignore", "pipe", "pipe"] });
  return new Running(child).result;
}

const checkpointsIn = (directory: string): string[] => readdirSync(join(directory, "state")).sort();

/** Loads, compares with what must have been saved, and saves on until this rank is killed. */
const saver = `import { init } from "tsmpi";
import { deepStrictEqual } from "node:assert";
const world = await init();
const [victim, after, steps] = process.argv.slice(2).map(Number);
const stateOf = (step) => ({
  u: Float64Array.from({ length: 100_000 }, (_, i) => i * step + world.rank),
  list: Array.from({ length: 50 }, (_, i) => Int32Array.from({ length: 2000 }, () => i + step)),
  text: \`rank \${world.rank}, step \${step}\`,
});
const store = await world.checkpoints("state");
const last = await store.load();
if (last !== undefined) deepStrictEqual(last.state, stateOf(last.step));
const first = last?.step ?? 0;
console.log("loaded", first);
await world.barrier();
if (victim === world.rank || victim === world.size) setTimeout(() => process.kill(process.pid, "SIGKILL"), after);
for (let step = first + 1; step <= first + steps; step++) {
  await store.save(step, stateOf(step));
  console.log("saved", step);
}
`;

describe("checkpoints", () => {
  it("are whole after kill -9 of one rank or all, at any moment of a save", { timeout: 600_000 }, async () => {
    const random = new Random(Date.now());
    const directory = folder({ "script.mjs": saver });
    const one = await start(["run", "-n", "3", "script.mjs", "-1", "0", "1"], { cwd: directory }).result;
    expect(one.code).toBe(0); // a first one is there: on a slow disk the jobs below may be killed before theirs
    let saved = 1;
    for (let turn = 0; turn < perTier({ quick: 6, full: 300 }); turn++) {
      const victim = random.between(0, 3); // 3: all of them
      const args = [String(victim), String(random.between(0, 120)), "1000000"];
      const { code, stdout, stderr } = await start(["run", "-n", "3", "script.mjs", ...args], { cwd: directory })
        .result;
      expect({ code, stderr }).toEqual({ code: 137, stderr: expect.not.stringMatching(/warning|not whole|Assertion/) });
      const numbers = (word: string): number[] =>
        [...stdout.matchAll(new RegExp(`${word} (\\d+)`, "g"))].map(([, n]) => Number(n));
      const loaded = numbers("loaded");
      // A save that some rank has seen to the end is there; one that nobody has may be.
      expect([saved, saved + 1], stdout).toContain(loaded[0]);
      expect(loaded).toEqual([loaded[0], loaded[0], loaded[0]]);
      saved = Math.max(saved, loaded[0] as number, ...numbers("saved"));
    }
    const { stdout } = await start(["run", "-n", "3", "script.mjs", "-1", "0", "2"], { cwd: directory }).result;
    const step = Number(/loaded (\d+)/.exec(stdout)?.[1]);
    expect(checkpointsIn(directory)).toEqual([
      expect.stringMatching(`^\\d+-step-${step + 1}$`),
      expect.stringMatching(`^\\d+-step-${step + 2}$`),
    ]);
  });

  it("stay as they were when the disk is full, on all ranks, and a smaller one can be saved then", async () => {
    const script = `import { init } from "tsmpi";
const world = await init();
const store = await world.checkpoints("d/state", { keep: 2 });
const told = (error) => console.log(JSON.stringify([world.rank, error.code, error.message, error.cause?.code]));
await store.save(1, new Uint8Array(100_000).fill(1));
await store.save(2, new Uint8Array(world.rank === 1 ? 8 << 20 : 10)).catch(told);
await world.barrier();
const last = await store.load();
await store.save(3, "small");
if (world.rank === 0) console.log(JSON.stringify([last.step, last.state[99_999], (await import("node:fs")).readdirSync("d/state").sort()]));
`;
    const line = "mkdir d; exec unshare -m bash -c 'mount -t tmpfs -o size=4m none d; $RUN'";
    const { stdout, stderr } = await inShell(script, line);
    const lines = stdout
      .trim()
      .split("\n")
      .map((each) => JSON.parse(each) as unknown[]);
    expect(lines.length, stderr).toBe(4);
    const errors = lines.slice(0, 3).sort() as [number, string, string, string][];
    for (const [i, [rank, code, message, cause]] of errors.entries()) {
      expect([rank, code, cause]).toEqual([i, "io", "ENOSPC"]);
      expect(message).toMatch(/state\.save\(\) at script\.mjs:6: .*\/d\/state: the file system is full \(ENOSPC\)/);
    }
    expect(lines[3]).toEqual([1, 1, ["000001-step-1", "000002-step-3", "owner.json"]]);
  });

  it.each([0, 1])("are loaded by the survivors of rank %i, which died in the middle of a save", async (victim) => {
    const script = `import { init, MpiError } from "tsmpi";
let world = await init();
const rank = world.rank;
const store = await world.checkpoints("state");
await store.save(1, { rank });
if (rank === ${victim}) setTimeout(() => process.kill(process.pid, "SIGKILL"), 30);
try {
  for (let step = 2; ; step++) await store.save(step, { rank, u: new Float64Array(500_000).fill(step) });
} catch (error) {
  console.log(error.code);
  world = await world.shrink();
}
const again = await world.checkpoints("state");
const last = await again.loadParts();
const all = await world.gather(last.parts.map((part) => part.state));
if (world.rank === 0) {
  const parts = all.flat();
  console.log(JSON.stringify(parts.map((state) => state.rank)), parts.every(({ u }) => u === undefined || u.every((x) => x === last.step)));
}
await again.save(last.step + 1, "by the survivors");
console.log((await again.load()).state);
`;
    const { stdout, stderr } = await runScript(script, ["-n", "3", "--keep-going"]);
    const lines = stdout.trim().split("\n").sort();
    expect(lines, stderr).toEqual([
      "[0,1,2] true",
      ...Array(2).fill("by the survivors"),
      ...Array(2).fill("rank-failed"),
    ]);
  });

  it("of 4 ranks are loaded by 3, each with the rows that it has now", async () => {
    const script = `import { distributed, init, range } from "tsmpi";
const world = await init();
const n = 10;
const { start, end } = range(n, world);
const u = new Float64Array((end - start) * n);
const mine = distributed(u, { shape: [n, n], start: [start, 0] });
const store = await world.checkpoints("state");
const last = await store.load({ into: { u: mine } });
const right = last === undefined || u.every((x, i) => x === start * n + i);
console.log(world.size, last?.step, last?.state.t, right);
for (const i of u.keys()) u[i] = start * n + i;
await store.save((last?.step ?? 0) + 1, { u: mine, t: 7 });
`;
    const directory = folder({ "script.mjs": script });
    const run = async (n: number): Promise<string> => {
      const { stdout, stderr } = await runScript("", ["-n", String(n)], { cwd: directory });
      return [...new Set(stdout.trim().split("\n"))].join() + stderr;
    };
    expect([await run(4), await run(3), await run(1), await run(5)]).toEqual([
      "4 undefined undefined true",
      "3 1 7 true",
      "1 2 7 true",
      "5 3 7 true",
    ]);
  });

  it("are saved before the time of the job is up, at the same step on all ranks, and the next job goes on", async () => {
    const script = `import { init, lor } from "tsmpi";
const world = await init();
const store = await world.checkpoints("state");
const last = await store.load();
for (let step = last?.step ?? 0; ; step++) {
  if (await world.allreduce(world.signal.aborted, lor)) {
    await store.save(step, { step });
    console.log(last?.state.step, step);
    break;
  }
}
`;
    const directory = folder({ "script.mjs": script });
    // On a busy machine the time may be up before the first step.
    let saved = "undefined";
    for (const _ of ["a job", "the next one"]) {
      const { stdout } = await runScript("", ["-n", "3", "--walltime", "2"], { cwd: directory });
      const [line = "", ...others] = stdout.trim().split("\n");
      expect(others).toEqual([line, line]);
      const [loaded = "", step = ""] = line.split(" ");
      expect(loaded).toBe(saved);
      expect(Number(step)).toBeGreaterThanOrEqual(Number(saved) || 0);
      saved = step;
    }
  });
});

describe("a directory of checkpoints", () => {
  const holding = `import { init } from "tsmpi";
const world = await init();
const store = await world.checkpoints("state");
await store.save(1, "one");
console.log("saved");
const more = await new Promise((resolve) => process.stdin.once("data", () => resolve(true)).once("end", () => resolve(false)));
await store.save(2, "two").catch((error) => console.log(error.code, error.message));
console.log(JSON.stringify(await store.load()));
`;

  it("is refused to a second job on the same host, until the first has ended", async () => {
    const directory = folder({ "script.mjs": holding });
    const first = start(["run", "-n", "1", "script.mjs"], { cwd: directory });
    await first.shows("saved");
    const second = await runScript("", ["-n", "1"], { cwd: directory });
    expect({ code: second.code, stderr: second.stderr }).toEqual({
      code: 1,
      stderr: expect.stringMatching(
        /checkpoints\(\) at script\.mjs:3: \/.*\/state is in use by job \S+ on \S+ \(pid \d+\): wait for its end, or name another directory/,
      ),
    });
    first.child.stdin?.end("go\n");
    expect((await first.result).stdout).toBe('saved\n{"step":2,"state":"two"}\n');
    expect(existsSync(join(directory, "state", "owner.json"))).toBe(false);
  });

  it("that another job has taken over takes no save of the first one", async () => {
    const directory = folder({ "script.mjs": holding });
    const first = start(["run", "-n", "1", "script.mjs"], { cwd: directory });
    await first.shows("saved");
    const path = join(directory, "state", "owner.json");
    const owner = JSON.parse(readFileSync(path, "utf8"));
    writeFileSync(path, JSON.stringify({ ...owner, host: "n042", pid: 4711, job: "88" }));
    first.child.stdin?.end("go\n");
    expect((await first.result).stdout).toMatch(
      /^saved\nio .*state\.save\(\) at script\.mjs:7: \/.*\/state is no longer this job's: job 88 on n042 \(pid 4711\) has taken it over; give each job a directory of its own\n\{"step":1,"state":"one"\}\n$/,
    );
    const next = start(["run", "-n", "1", "script.mjs"], { cwd: directory });
    next.child.stdin?.end("go\n");
    const { stdout, stderr } = await next.result;
    expect(stdout).toBe('saved\n{"step":2,"state":"two"}\n');
    expect(stderr).toMatch(
      /warning: \/.*\/state was last used by job 88 on n042 \(pid 4711\), which has not ended in good order/,
    );
  });

  it("that is not the same one for all ranks is found out when it is opened", async () => {
    // By path: under `exec` the script is run by Node alone.
    const script = `import { init } from ${JSON.stringify(new URL("../../packages/launcher/dist/index.js", import.meta.url))};
const world = await init();
await world.checkpoints("d/state").catch((error) => console.log(error.code, error.message));
`;
    const line = `mkdir d; exec $NODE ${command} exec -n 2 bash -c '
if [ "$TSMPI_RANK" = 1 ]; then exec unshare -m bash -c "mount -t tmpfs none d; exec $NODE script.mjs"; else exec $NODE script.mjs; fi'; ls -A d/state`;
    const { stdout, stderr } = await inShell(script, line);
    const lines = stdout.trim().split("\n");
    expect(lines.length, stderr).toBe(2);
    for (const each of lines) {
      expect(each).toMatch(
        /^io .* \/.*\/d\/state is not the same directory on all hosts: host \S+ does not see what rank 0 has made there; give a directory that all hosts share/,
      );
    }
  });

  it("needs no close(), also under --check", async () => {
    const script = `import { init } from "tsmpi";
await using world = await init();
await (await world.checkpoints("state")).save(1, new Float64Array(1000));
`;
    const { code, stderr } = await runScript(script, ["-n", "2", "--check"]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  });

  it("that cannot be made is an error on all ranks", async () => {
    const script = `import { init } from "tsmpi";
const world = await init();
await world.checkpoints("script.mjs/state").catch((error) => console.log(error.code, error.cause?.code));
await world.checkpoints("/proc/state").catch((error) => console.log(error.code, error.cause?.code));
`;
    const { stdout } = await runScript(script, ["-n", "2"]);
    expect(stdout.trim().split("\n").sort()).toEqual(["io ENOENT", "io ENOENT", "io ENOTDIR", "io ENOTDIR"]);
  });
});
