import { spawn } from "node:child_process";
import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { command, folder, type Result, Running, runScript, start } from "../support/run-tsmpi.ts";

/** Runs a script in a shell line, in which `$RUN` stands for `tsmpi run -n 3 script.mjs`. */
function inShell(script: string, line: string): { directory: string; result: Promise<Result> } {
  const directory = folder({ "script.mjs": script });
  const env = { ...process.env, RUN: `${process.execPath} ${command} run -n 3 script.mjs` };
  const child = spawn("bash", ["-c", line], { cwd: directory, env, stdio: ["ignore", "pipe", "pipe"] });
  return { directory, result: new Running(child).result };
}

const filesOf = (directory: string): string[] => readdirSync(directory).filter((name) => name !== "script.mjs");

/** Each rank says what its call rejects with. */
const fills = (path: string, options: string): string => `import { init } from "tsmpi";
const world = await init();
const told = (error) => console.log(JSON.stringify([world.rank, error.code, error.message, error.cause?.code]));
await using file = await world.openFile(${JSON.stringify(path)}, ${options});
const mine = new Uint8Array(1 << 20).fill(world.rank + 1);
for (let i = 0; i < 8; i++) {
  try {
    await file.writeAtAll(mine, { offset: (i * world.size + world.rank) * mine.length });
  } catch (error) { told(error); break; }
}
await world.barrier();
`;

describe("a file of all ranks", () => {
  it.each([
    [
      "a full disk",
      "mkdir d; exec unshare -m bash -c 'mount -t tmpfs -o size=4m none d; echo old > d/big; $RUN; ls -A d; cat d/big'",
      "ENOSPC",
    ],
    ["ulimit -f", "mkdir d; echo old > d/big; bash -c 'ulimit -f 3000; exec $RUN'; ls -A d; cat d/big", "EFBIG"],
  ])("%s in the middle is an error on all ranks, and the old file stays", async (_, line, code) => {
    const { result } = inShell(fills("d/big", '{ flags: "w" }'), line);
    const { stdout } = await result;
    const [one, two, three, ...rest] = stdout.trim().split("\n");
    const errors = [one, two, three].map((each) => JSON.parse(each as string) as [number, string, string, string]);
    expect(errors.map(([rank]) => rank).sort()).toEqual([0, 1, 2]);
    for (const [rank, kind, message, cause] of errors) {
      expect([kind, cause], message).toEqual(["io", code]);
      expect(message).toMatch(
        new RegExp(`^\\[rank ${rank}/3 on .*\\] big\\.writeAtAll\\(\\) at script\\.mjs:8: /.*/d/big: .*\\(${code}\\)`),
      );
    }
    expect(rest).toEqual(["big", "old"]);
  });

  it("no room for what is preallocated is an error when it is opened", async () => {
    const script = `import { init } from "tsmpi";
const world = await init();
await world.openFile("d/big", { flags: "w", preallocate: 64 << 20 }).catch((error) => console.log(error.code, error.cause?.code));
`;
    const line = "mkdir d; exec unshare -m bash -c 'mount -t tmpfs -o size=4m none d; $RUN; ls -A d'";
    expect((await inShell(script, line).result).stdout).toBe("io ENOSPC\n".repeat(3));
  });

  it("a rank that is killed in the middle leaves the old file, and nothing beside it", async () => {
    for (const victim of [0, 1]) {
      const script = `import { init } from "tsmpi";
const world = await init();
await using file = await world.openFile("out", { flags: "w" });
const mine = new Uint8Array(100_000).fill(65);
for (let i = 0; ; i++) {
  if (world.rank === ${victim} && i === 20) process.kill(process.pid, "SIGKILL");
  await file.writeOrdered(mine);
}
`;
      const directory = folder({ "script.mjs": script, out: "old" });
      const { code, stderr } = await runScript("", ["-n", "3"], { cwd: directory });
      expect({ code, stderr }).toEqual({ code: 137, stderr: expect.stringContaining(`rank ${victim}`) });
      expect(readFileSync(join(directory, "out"), "utf8")).toBe("old");
      // Rank 0 could not tidy up itself when it was the victim: the others did.
      expect(filesOf(directory)).toEqual(["out"]);
    }
  });

  it("what a killed job has left is removed when the file is opened again", async () => {
    const script = `import { init } from "tsmpi";
const world = await init();
await using file = await world.openFile("out", { flags: "w" });
await file.writeOrdered("new");
console.log("opened");
await new Promise((resolve) => setTimeout(resolve, Number(process.argv[2])));
await file.close();
`;
    const directory = folder({ "script.mjs": script });
    const running = start(["run", "-n", "2", "script.mjs", "60000"], { cwd: directory });
    await running.shows("opened", 2);
    const [left] = filesOf(directory);
    expect(left).toMatch(/^\.out\.tsmpi-.+-\d+-\d+-[0-9a-f]{8}$/);
    // As when the host's memory is used up: everything dies at once.
    const group = running.child.pid as number;
    const all = spawn("bash", ["-c", `kill -9 $(pgrep -f 'script.mjs 60000'; echo ${group})`]);
    await new Promise((resolve) => all.once("close", resolve));
    await running.result;
    await expect.poll(() => filesOf(directory)).toEqual([left]);
    const again = await runScript("", ["-n", "2"], { cwd: directory });
    expect(again.stderr).toBe("");
    expect(filesOf(directory)).toEqual(["out"]);
    expect(readFileSync(join(directory, "out"), "utf8")).toBe("newnew");
  });

  it("may be larger than 4 GiB, and two jobs may write one name at a time", async () => {
    const script = `import { init } from "tsmpi";
const world = await init();
await using file = await world.openFile("big", { flags: "w+", durable: false });
const at = 5 * 2 ** 30 + 8 * world.rank;
await file.writeAtAll(Float64Array.of(world.rank), { offset: at });
const all = await file.readAtAll({ offset: 5 * 2 ** 30, into: new Float64Array(world.size) });
if (world.rank === 0) console.log(all.join(" "), await file.size());
await file.close();
`;
    const directory = folder({ "script.mjs": script });
    const jobs = await Promise.all([1, 2].map(() => runScript("", ["-n", "2"], { cwd: directory })));
    for (const { stdout, stderr } of jobs)
      expect({ stdout, stderr }).toEqual({ stdout: "0 1 5368709136\n", stderr: "" });
    expect(filesOf(directory)).toEqual(["big"]);
    expect(statSync(join(directory, "big")).size).toBe(5368709136);
  });

  it("has what was written without an await before close(), and nothing of it goes to the next file", async () => {
    const script = `import { init } from "tsmpi";
const world = await init();
for (let turn = 0; turn < 10; turn++) {
  const file = await world.openFile("forgotten", { flags: "w", durable: false });
  const mine = new Uint8Array(4 << 20).fill(65 + world.rank);
  void file.writeAt(mine, { offset: world.rank * mine.length });
  void file.writeAtAll("end", { offset: 8 << 20 });
  await file.close();
  const next = await world.openFile("next", { flags: "w", durable: false });
  void next.writeAt(mine, { offset: 0 }).catch(() => {});
  await next[Symbol.asyncDispose]();
  const third = await world.openFile("third", { flags: "w", durable: false });
  await third.writeOrdered("3");
  await third.close();
}
`;
    const directory = folder({ "script.mjs": script });
    expect((await runScript("", ["-n", "2"], { cwd: directory })).stderr).toBe("");
    expect(filesOf(directory).sort()).toEqual(["forgotten", "third"]);
    expect(readFileSync(join(directory, "third"), "utf8")).toBe("33");
    const all = readFileSync(join(directory, "forgotten"));
    expect([all.length, all[0], all[(4 << 20) - 1], all[4 << 20], all[(8 << 20) - 1]]).toEqual([
      (8 << 20) + 3,
      65,
      65,
      66,
      66,
    ]);
  });

  it("keeps its permissions and its link, and a device is written where it is", async () => {
    const script = `import { init } from "tsmpi";
const world = await init();
for (const name of ["private", "link", "/dev/null"]) {
  await using file = await world.openFile(name, { flags: "w" });
  await file.writeOrdered("x");
  await file.close();
}
`;
    const directory = folder({ "script.mjs": script, target: "old" });
    writeFileSync(join(directory, "private"), "old", { mode: 0o600 });
    const { result } = inShell("", "true");
    await result;
    const child = spawn("ln", ["-s", "target", "link"], { cwd: directory });
    await new Promise((resolve) => child.once("close", resolve));
    expect((await runScript("", ["-n", "2"], { cwd: directory })).stderr).toBe("");
    expect(statSync(join(directory, "private")).mode & 0o777).toBe(0o600);
    expect(readFileSync(join(directory, "target"), "utf8")).toBe("xx");
    expect(filesOf(directory).sort()).toEqual(["link", "private", "target"]);
    expect(statSync("/dev/null").isCharacterDevice()).toBe(true);
  });
});
