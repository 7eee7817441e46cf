import { spawn, spawnSync } from "node:child_process";
import { chmodSync, chownSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { command, folder, type Result, Running } from "../support/run-tsmpi.ts";

const user = 60_003;
/** Whether this process may mount what only it sees, and become another user, who may read the repository. */
const possible =
  process.getuid?.() === 0 &&
  spawnSync("unshare", ["-m", "true"]).status === 0 &&
  spawnSync("setpriv", [
    "--reuid",
    String(user),
    "--regid",
    "1",
    "--clear-groups",
    process.execPath,
    command,
    "--version",
  ]).status === 0;

/** Rings wrap round, also those of 64 KiB; and all pairs of ranks speak. */
const world = `import { init, sum } from "tsmpi";
const world = await init();
const parts: Uint8Array[] = Array.from({ length: world.size }, (_, to) => new Uint8Array(150_000).fill(world.rank + to));
for (let i = 0; i < 3; i++) {
  const got = await world.alltoall(parts);
  got.forEach((part, from) => { if (part.some((byte) => byte !== world.rank + from)) throw new Error("torn"); });
}
await Promise.all(Array.from({ length: 100 }, (_, tag) => world.send(new Float64Array(4000).fill(tag), { dest: (world.rank + 1) % world.size, tag })
  .then(() => world.recv<Float64Array>({ tag })).then((all) => { if (all[3999] !== tag) throw new Error("torn"); })));
const total: number = await world.allreduce(1, sum);
if (world.rank === 0) console.log(total);
`;

/** What a job does after its memory has been filled by somebody else: before its first collective, or after it. */
const filled = `import { execSync } from "node:child_process";
import { existsSync } from "node:fs";
import { init } from "tsmpi";
const world = await init();
if (process.argv[2] === "later") await world.barrier();
if (world.rank === 0) try { execSync("dd if=/dev/zero of=/dev/shm/fill bs=64k 2> /dev/null; touch full"); } catch {}
while (!existsSync("full")) execSync("sleep 0.05");
await world.barrier();
await world.send(new Float64Array(1000), { dest: 1 - world.rank });
await world.recv();
`;

/** A window and an array of a host, for which there is no room; afterwards smaller ones work. */
const large = `import { init } from "tsmpi";
const world = await init();
const error = (promise) => promise.then(() => "no error", ({ code, message }) => code + " " + message);
const all = [
  await error(world.window(Float64Array, world.rank === 1 ? 1e7 : 10)),
  await error(world.sharedArray(Float64Array, 1e7)),
];
const window = await world.window(Float64Array, 1000);
window.local.fill(world.rank);
await window.fence();
all.push(String((await window.get({ target: 1 - world.rank, offset: 999, count: 1 }))[0]));
await window.close();
if (world.rank === 0) console.log((await world.gather(all)).flat().join("\\n"));
else await world.gather(all);
`;

/** A line of shell in which `tsmpi` is the command, for an ordinary user, after root has done `mounts` for this line alone. */
function run(mounts: string, line: string): Promise<Result> {
  const home = folder({ "world.ts": world, "filled.mjs": filled, "large.mjs": large });
  chownSync(home, user, user);
  chmodSync(home, 0o700);
  for (const name of ["world.ts", "filled.mjs", "large.mjs"]) chownSync(`${home}/${name}`, user, user);
  const become = `setpriv --reuid ${user} --regid ${user} --clear-groups`;
  const text = `tsmpi() { "${process.execPath}" "${command}" "$@"; }\n${line}`;
  const { NODE_PATH: _, TMPDIR: __, XDG_CACHE_HOME: ___, ...own } = process.env;
  const env = { ...own, HOME: home, LINE: text };
  return new Running(
    spawn("unshare", ["-m", "sh", "-c", `${mounts}\nexec ${become} bash -c "$LINE"`], { cwd: home, env }),
  ).result;
}

const memory = (options: string) => `mount -t tmpfs -o mode=1777,${options} none /dev/shm`;
const good = (total: number) => ({ code: 0, signal: null, stdout: `${total}\n`, stderr: "" });
const overZeromq = /ranks on \S+ talk over ZeroMQ, not shared memory: the job's directory (\S+) is not in \/dev\/shm/;

describe.runIf(possible)("on a tight machine a job", () => {
  it("shares the memory that there is, with small rings where it is little", async () => {
    for (const [megabytes, ranks] of [
      [64, 2],
      [10, 8],
    ]) {
      const { code, stdout, stderr } = await run(
        memory(`size=${megabytes}m`),
        `tsmpi run --verbose -n ${ranks} world.ts`,
      );
      expect({ code, stdout }, stderr).toEqual({ code: 0, stdout: `${ranks}\n` });
      expect(stderr).not.toContain("ZeroMQ");
    }
  });

  it.each([
    ["too small a /dev/shm", memory("size=1m"), ""],
    ["a /dev/shm that takes no more files", memory("size=64m,nr_inodes=10"), ""],
    ["none, and a TMPDIR that does not exist", memory("ro"), "export TMPDIR=/nowhere HOME=/nowhere;"],
    [
      "none, and a TMPDIR too long for sockets",
      memory("ro"),
      `mkdir ${"x".repeat(90)}; export TMPDIR=$PWD/${"x".repeat(90)}; unset HOME;`,
    ],
  ])("talks over ZeroMQ where there is %s", async (_, mounts, variables) => {
    const { code, stdout, stderr } = await run(mounts, `${variables} tsmpi run --verbose -n 4 world.ts`);
    expect({ code, stdout }, stderr).toEqual({ code: 0, stdout: "4\n" });
    expect(overZeromq.exec(stderr)?.[1]).toMatch(/^\/tmp\/tsmpi-\w{6}$/);
  });

  it.each([
    ["later", "send({ dest: 1 }) at filled.mjs:9"],
    ["first", "barrier() at filled.mjs:8"],
  ])("ends with a sentence when /dev/shm is filled by others, and leaves nothing there: %s", async (when, call) => {
    const { code, stdout, stderr } = await run(
      memory("size=64m"),
      `tsmpi run -n 2 filled.mjs ${when}; code=$?; ls /dev/shm; exit $code`,
    );
    expect({ code, stdout }, stderr).toEqual({ code: 1, stdout: "fill\n" });
    const said = stderr.replaceAll("dest: 0", "dest: 1");
    expect(said).toMatch(/^\[rank \d\/2 on [^\]]+\] .* bytes of shared memory in \S+: the file system is full/m);
    expect(said).toContain(`] ${call}: cannot allocate`);
    expect(stderr).not.toMatch(/node:|dist|^cannot/m);
  });

  it("tells all ranks that a window has no room, and leaves nothing there", async () => {
    const { code, stdout, stderr } = await run(
      memory("size=32m"),
      "tsmpi run -n 2 large.mjs; code=$?; ls /dev/shm; exit $code",
    );
    expect(code, stderr).toBe(0);
    const lines = stdout.trim().split("\n");
    expect(lines).toHaveLength(6);
    for (const line of [...lines.slice(0, 2), ...lines.slice(3, 5)]) {
      expect(line).toMatch(
        /^launch \[rank \d\/2 .*(window|sharedArray)\(\).*cannot allocate .*the file system is full/,
      );
    }
    expect([lines[2], lines[5]]).toEqual(["1", "0"]);
  });

  it("says in a sentence that a directory which was asked for cannot be used", async () => {
    const long = await run("", `mkdir ${"x".repeat(90)}; TSMPI_TMPDIR=$PWD/${"x".repeat(90)} tsmpi run -n 2 world.ts`);
    expect(long).toMatchObject({ code: 125, stdout: "" });
    expect(long.stderr).toMatch(/^tsmpi: cannot start the ranks: TSMPI_TMPDIR is too long: [^\n]*\n$/);
    const nowhere = await run("", "TSMPI_TMPDIR=/nowhere tsmpi run -n 2 world.ts");
    expect(nowhere.stderr).toMatch(
      /^tsmpi: cannot start the ranks: cannot make a private directory in \/nowhere: [^\n]*\n$/,
    );
  });

  it("says in a sentence that ulimit -u leaves too few threads, to esbuild or to the ranks", async () => {
    for (const limit of [14, 17, 24]) {
      const { code, stdout, stderr } = await run("", `ulimit -u ${limit}; tsmpi run -n 4 world.ts`);
      expect({ code, stdout }, stderr).toEqual({ code: 125, stdout: "" });
      expect(stderr).toMatch(
        /^tsmpi: (cannot transform TypeScript: esbuild needs more threads|cannot start the ranks: they need 36 threads)[^\n]*\(ulimit -u\)[^\n]*\n$/,
      );
    }
    expect(await run("", "ulimit -u 64; tsmpi run -n 2 world.ts")).toEqual(good(2));
  });

  it("is told by the doctor of a small ulimit -u, and of no binary that is there", async () => {
    const { code, stdout } = await run("", "ulimit -u 28; tsmpi doctor");
    expect(code).toBe(1);
    expect(stdout).toMatch(/^wrong: \S+ only 28 processes are allowed \(ulimit -u\), its ranks may need \d+$/m);
    expect(stdout).not.toContain("has no binary");
  });

  it.each([20, 24, 28])("is refused in a sentence where only %i files may be open", async (files) => {
    const { code, stderr } = await run("", `ulimit -n ${files}; tsmpi run -n 4 world.ts`);
    expect({ code, stderr }).toEqual({
      code: 125,
      stderr: expect.stringMatching(/^tsmpi: cannot \w+ .*: the limit of open files is reached \(ulimit -n\)\n$/),
    });
  });

  it("is looked at by the doctor, who needs no TMPDIR and leaves nothing", async () => {
    const mounts = memory("size=1m");
    const { stdout } = await run(mounts, "export TMPDIR=/nowhere; unset HOME; tsmpi doctor; ls -A; ls -A /dev/shm");
    expect(stdout).toMatch(
      /^note: \S+ \/dev\/shm has \d MiB free, too little for \d+ ranks: ranks of this host talk over ZeroMQ/m,
    );
    expect(stdout).toMatch(/^wrong: \S+ TMPDIR \/nowhere cannot be written to/m);
    expect(stdout).toMatch(/^note: \S+ each run transforms the script anew: /m);
    expect(stdout).toMatch(/\nSomething is wrong\.\nfilled\.mjs\nlarge\.mjs\nworld\.ts\n$/);
  });
});
