import { existsSync, readdirSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { runScript } from "../support/run-tsmpi.ts";

const ways = ["", "zeromq"] as const;

/** The directories of jobs in shared memory. */
const left = (): string[] =>
  (existsSync("/dev/shm") ? readdirSync("/dev/shm") : []).filter((name) => /\.memory$/.test(name));

/** Rank 1 takes a lock, dies with it, and the ranks that are left get it one after the other. */
const holder = `
import assert from "node:assert/strict";
import { init } from "tsmpi";
const world = await init();
const { rank } = world;
const window = await world.window(Float64Array, 4);
if (rank === 1) {
  const held = await window.lock({ target: 0 });
  assert.equal(held.abandoned, false);
  await world.send("taken", { dest: 0 });
  await world.send("taken", { dest: 2 });
  await new Promise((resolve) => setTimeout(resolve, 100));
  process.kill(process.pid, "SIGKILL");
}
await world.recv({ source: 1 });
const held = await window.lock({ target: 0 });
console.log(rank + " abandoned " + held.abandoned);
await held.release();
const shared = await window.lock({ target: 0, shared: true });
console.log(rank + " then " + shared.abandoned);
await shared.release();
await world.sendrecv(1, { dest: 2 - rank, source: 2 - rank }); // rank 0 has the lock's memory until rank 2 is through
`;

/** Rank 1 is killed while the others read and change its part. */
const target = `
import assert from "node:assert/strict";
import { init, sum } from "tsmpi";
const world = await init();
const { rank, size } = world;
const window = await world.window(Float64Array, 100_000);
window.local.fill(rank);
await window.fence();
if (rank === 1) setTimeout(() => process.kill(process.pid, "SIGKILL"), 100);
if (rank === 1) for (;;) await new Promise((resolve) => setTimeout(resolve, 5));
const one = Float64Array.of(1);
let error;
for (let i = 0; error === undefined; i++) {
  try {
    const got = await window.get({ target: 1, count: 50_000 });
    assert.ok(got.every((value, i) => i === 0 || value === 1));
    await window.accumulate(one, sum, { target: 1 });
    await window.flush();
  } catch (thrown) {
    error = thrown;
  }
}
assert.equal(error.code, "rank-failed", error.stack);
assert.match(error.message, /rank 1 is gone/);
assert.equal(error.rank, 1);
await assert.rejects(window.lock({ target: 1 }), (reason) => reason.code === "rank-failed");
const other = rank === 0 ? size - 1 : 0;
assert.deepEqual(await window.get({ target: other, offset: 7, count: 1 }), Float64Array.of(other));
console.log(rank + " goes on");
await world.sendrecv(1, { dest: other, source: other }); // neither may end before the other has read its part
`;

describe.each(ways)("windows with TSMPI_TRANSPORT=%s", (way) => {
  const env = ["--env", `TSMPI_TRANSPORT=${way}`];

  test("the lock of a rank that was killed goes to the next one, which is told of it", async () => {
    const options = ["-n", "3", "--keep-going", "--timeout", "60", ...env];
    const { stdout, code, stderr } = await runScript(holder, options);
    const lines = stdout.trim().split("\n").toSorted();
    expect(lines.filter((line) => line.includes("then false")).length, stdout + stderr).toBe(2);
    expect(lines.filter((line) => line.includes("abandoned true")).length, stdout + stderr).toBe(1);
    expect(code).toBe(0);
  });

  test("calls to the part of a rank that was killed reject, and the other ranks go on", async () => {
    const options = ["-n", "3", "--keep-going", "--timeout", "60", ...env];
    const { stdout, code, stderr } = await runScript(target, options);
    expect(stdout.trim().split("\n").toSorted(), stderr).toEqual(["0 goes on", "2 goes on"]);
    expect(code).toBe(0);
  });

  test("without --keep-going the job ends as usual when a target is killed", async () => {
    const { code, stderr } = await runScript(target, ["-n", "3", "--timeout", "60", ...env]);
    expect(code, stderr).toBe(137);
    expect(stderr).toMatch(/rank 1 .*killed by SIGKILL/);
  });

  test("a program that leaves a window open ends", async () => {
    const script = `
import { init } from "tsmpi";
const world = await init();
const window = await world.window(Int32Array, 4);
await window.put(Int32Array.of(1), { target: (world.rank + 1) % world.size });
await window.fence();
console.log(window.local[0]);
`;
    const { stdout, code, stderr } = await runScript(script, ["-n", "3", "--timeout", "30", ...env]);
    expect(stdout, stderr).toBe("1\n1\n1\n");
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  });
});

test("a flood of puts to a target that computes fills the memory of neither rank", async () => {
  const script = `
import assert from "node:assert/strict";
import { init } from "tsmpi";
const world = await init();
const window = await world.window(Float64Array, 1 << 17);
const mine = new Float64Array(1 << 17).fill(7);
await window.put(mine, { target: 1 - world.rank });
await window.fence();
const before = process.memoryUsage().rss;
let most = 0;
const note = () => { most = Math.max(most, process.memoryUsage().rss - before); };
if (world.rank === 0) {
  const calls = [];
  for (let i = 0; i < 400; i++) calls.push(window.put(mine, { target: 1 }).then(note));
  note();
  await Promise.all(calls);
} else {
  for (const end = performance.now() + 300; performance.now() < end; );
  note();
}
await window.fence();
note();
assert.ok(window.local.every((value) => value === 7));
console.log(most < 150 * 2 ** 20 ? "bounded" : most);
`;
  const { stdout, stderr } = await runScript(script, ["-n", "2", "--timeout", "60", "--env", "TSMPI_TRANSPORT=zeromq"]);
  expect(stdout, stderr).toBe("bounded\nbounded\n");
});

describe("the memory of windows", () => {
  test("nothing of it is left when all ranks are killed, nor has it a name while they run", async () => {
    const script = `
import { readdirSync } from "node:fs";
import { init } from "tsmpi";
const world = await init();
const window = await world.window(Float64Array, 1e6);
const host = await world.splitShared();
const shared = await host.sharedArray(Float64Array, 1e6);
shared.array[world.rank] = 1;
await window.fence();
const files = readdirSync("/dev/shm", { recursive: true }).filter((name) => name.includes(".memory"));
console.log(files.length);
await world.barrier();
process.kill(process.pid, "SIGKILL");
`;
    const { stdout, code } = await runScript(script, ["-n", "3", "--timeout", "30"]);
    expect(stdout).toBe("0\n0\n0\n");
    expect(code).toBe(137);
    expect(left()).toEqual([]);
  });

  test("views of it have length 0 once it is closed", async () => {
    const script = `
import assert from "node:assert/strict";
import { init } from "tsmpi";
const world = await init();
const window = await world.window(Float64Array, 1000);
const { local } = window;
const part = local.subarray(10, 20);
await window.close();
const host = await world.splitShared();
const shared = await host.sharedArray(Int32Array, 1000);
const { array } = shared;
await shared[Symbol.asyncDispose]();
for (const view of [local, part, array]) assert.deepEqual([view.length, view[0]], [0, undefined]);
console.log("gone");
`;
    for (const flags of ["", "--jitless"]) {
      const options = ["-n", "2", "--timeout", "30", ...(flags === "" ? [] : ["--env", `NODE_OPTIONS=${flags}`])];
      const { stdout, stderr } = await runScript(script, options);
      expect(stdout, stderr).toBe("gone\ngone\n");
    }
  });

  test("two processes that add to the same floating-point numbers lose nothing", async () => {
    const script = `
import assert from "node:assert/strict";
import { init, sum } from "tsmpi";
const world = await init();
for (const Kind of [Float64Array, Float32Array, Int8Array, Uint16Array, BigInt64Array, Uint8ClampedArray]) {
  const window = await world.window(Kind, 1);
  const isBig = Kind.name.startsWith("Big");
  const one = Kind.of(isBig ? 1n : 1);
  const rounds = Kind.BYTES_PER_ELEMENT === 1 ? 25 : Kind.BYTES_PER_ELEMENT === 2 ? 1000 : Number(process.env.ROUNDS);
  const times = Kind.BYTES_PER_ELEMENT < 4 ? 100 : 1;
  for (let time = 0; time < times; time++) {
    await window.fence();
    for (let i = 0; i < rounds; i++) void window.accumulate(one, sum, { target: 0 });
    await window.fence();
    if (world.rank === 0) assert.equal(Number(window.local[0]), rounds * world.size, Kind.name);
    await window.fence();
    window.local.fill(isBig ? 0n : 0);
  }
  await window.close();
}
console.log("all");
`;
    for (const flags of ["", "--jitless"]) {
      const options = [
        "-n",
        "2",
        "--timeout",
        "100",
        "--env",
        `NODE_OPTIONS=${flags}`,
        "--env",
        `ROUNDS=${flags === "" ? 100_000 : 1000}`,
      ];
      const { stdout, stderr } = await runScript(script, options);
      expect(stdout, stderr).toBe("all\nall\n");
    }
  });
});
