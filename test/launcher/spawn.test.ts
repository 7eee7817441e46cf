import { describe, expect, test } from "vitest";
import { folder, type Result, runTsmpi, start } from "../support/run-tsmpi.ts";

const launcher = new URL("../../packages/launcher/dist/index.js", import.meta.url).href;
const ways = ["", "zeromq"] as const;

/** Runs `main.mjs` on so many ranks; `worker.mjs` is what it spawns. */
function run(main: string, worker: string, ranks: number, args: string[] = []): Promise<Result> {
  const cwd = folder({ "main.mjs": main, "worker.mjs": worker });
  return runTsmpi(["run", "-n", String(ranks), "--timeout", "60", ...args, "main.mjs"], { cwd });
}

const lines = ({ stdout }: Result): string[] => stdout.trimEnd().split("\n").sort();

/** What both sides do with each other. */
const talk = `
export async function talk(world, others) {
  const right = (others.rank + 1) % others.remoteSize;
  const small = others.send({ from: others.rank }, { dest: right, tag: 3 });
  const large = others.send(new Float64Array(200_000).fill(world.rank), { dest: right, tag: 4 });
  for (let source = 0; source < others.remoteSize; source++) {
    if ((source + 1) % others.size !== others.rank) continue;
    const small = await others.recv({ source, tag: 3 });
    const large = await others.recv({ source, tag: 4 });
    if (small.from !== source || large[199_999] !== source) throw new Error("wrong message");
  }
  await Promise.all([small, large]);
  const both = await others.merge({ high: world.parent !== null });
  const all = await both.allgather(both.rank);
  if (all.some((each, rank) => each !== rank)) throw new Error("wrong allgather");
  const parts = await both.alltoall(all.map((rank) => both.rank * 100 + rank));
  if (parts.some((each, rank) => each !== rank * 100 + both.rank)) throw new Error("wrong alltoall");
  const apart = await both.split(both.rank % 2);
  await apart.barrier();
  return both.allreduce(both.rank + 1, sum);
}
import { init, sum } from "tsmpi";
`;

const main = `
import { init, sum } from "tsmpi";
import { talk } from "./talk.mjs";
const world = await init();
const workers = await world.spawn(3, "worker.mjs", { args: ["a", "b c"], env: { COLOUR: "blue" } });
console.log("parent", world.rank, world.size, world.parent, await talk(world, workers));
await world.barrier();
`;
const worker = `
import { init, sum } from "tsmpi";
import { talk } from "./talk.mjs";
const world = await init();
const { TSMPI_RANK, TSMPI_SIZE, COLOUR } = process.env;
console.log("worker", world.rank, world.size, TSMPI_RANK, TSMPI_SIZE, COLOUR, ...process.argv.slice(2), await talk(world, world.parent));
await world.barrier();
`;

describe("ranks that are spawned", () => {
  for (const way of ways) {
    test.each([1, 2, 4])(
      `talk to %i ranks that spawned them, and among each other${way && " over ZeroMQ"}`,
      async (n) => {
        const cwd = folder({ "main.mjs": main, "worker.mjs": worker, "talk.mjs": talk });
        const env = way === "" ? [] : ["--env", `TSMPI_TRANSPORT=${way}`];
        const result = await runTsmpi(["run", "-n", String(n), "--timeout", "60", ...env, "main.mjs"], { cwd });
        const total = ((n + 3) * (n + 4)) / 2;
        expect(result.stderr).toBe("");
        expect(lines(result)).toEqual([
          ...Array.from({ length: n }, (_, rank) => `parent ${rank} ${n} null ${total}`),
          ...[0, 1, 2].map((rank) => `worker ${rank} 3 ${rank} 3 blue a b c ${total}`),
        ]);
        expect(result.code).toBe(0);
      },
    );
  }

  test("have numbers in the job of their own, which tag their lines", async () => {
    const script = `import { init } from "tsmpi"; await init();`;
    const parent = `${script} const world = await init();
      for (const count of [2, 1]) console.log((await world.spawn(count, "worker.mjs")).remoteGroup.members.join(" "));`;
    const result = await run(parent, `${script} console.log("worker");`, 2, ["--tag-output"]);
    expect(lines(result)).toEqual(
      ["[0] 2 3", "[0] 4", "[1] 2 3", "[1] 4", "[2] worker", "[3] worker", "[4] worker"].sort(),
    );
  });

  test("spawn ranks themselves, and those of part of a world are known to that part", async () => {
    const script = `
      import { init, sum } from "tsmpi";
      const world = await init();
      const depth = Number(process.argv[2] ?? 0);
      const part = depth === 0 ? await world.split(world.rank % 2) : world;
      if (depth < 2) {
        const both = await (await part.spawn(2, process.argv[1], { args: [String(depth + 1)] })).merge({ high: false });
        console.log("down", depth, await both.allreduce(1, sum), (await both.dup()).size);
      }
      if (world.parent) {
        const both = await world.parent.merge({ high: true });
        console.log("up", depth, await both.allreduce(1, sum), (await both.dup()).size);
      }`;
    const result = await run(script, "", 3);
    expect(result.stderr).toBe("");
    const depths = ["down 0 3 3", "down 0 4 4", "down 0 4 4", ...Array(4).fill("down 1 4 4")];
    expect(lines(result)).toEqual(
      [...depths, "up 1 3 3", "up 1 3 3", "up 1 4 4", "up 1 4 4", ...Array(4).fill("up 2 4 4")].sort(),
    );
  });

  test("come many times, and at the same time from several communicators", async () => {
    const script = `
      import { init, sum } from "tsmpi";
      const world = await init();
      if (world.parent) {
        const both = await world.parent.merge({ high: true });
        await both.allreduce(1, sum);
      } else {
        for (let i = 0; i < 12; i++) {
          const workers = await world.spawn(1, process.argv[1]);
          const both = await workers.merge({ high: false });
          if ((await both.allreduce(1, sum)) !== 3) console.log("wrong");
          await both.close();
          await workers.close();
        }
        const other = await world.dup();
        const groups = await Promise.all([world.spawn(1, process.argv[1]), other.spawn(2, process.argv[1])]);
        const all = await Promise.all(groups.map((group) => group.merge({ high: false })));
        console.log(...(await Promise.all(all.map((both) => both.allreduce(1, sum)))));
      }`;
    expect(await run(script, "", 2)).toMatchObject({ stdout: "3 4\n3 4\n", stderr: "", code: 0 });
  });

  test("outlive those that spawned them, and the job waits for them", async () => {
    const late = `import { init } from "tsmpi"; const world = await init();
      await new Promise((resolve) => setTimeout(resolve, 500)); console.log("late");`;
    const result = await run(`import { init } from "tsmpi"; await (await init()).spawn(1, "worker.mjs");`, late, 2);
    expect(result).toMatchObject({ stdout: "late\n", code: 0 });
  });

  test("take the place of a rank that has died", async () => {
    const script = `
      import { init, sum } from "tsmpi";
      let world = await init();
      if (world.parent) world = await world.parent.merge({ high: true });
      else {
        if (world.rank === 1) process.kill(process.pid, "SIGKILL");
        await world.barrier().catch(() => world.revoke());
        const left = await world.shrink();
        world = await (await left.spawn(world.size - left.size, process.argv[1])).merge({ high: false });
      }
      console.log(await world.allreduce(1, sum));`;
    const result = await run(script, "", 3, ["--keep-going"]);
    expect(result.stdout).toBe("3\n3\n3\n");
    expect(result.code).toBe(0);
  });
});

describe("a parent that dies while new ranks start, under --keep-going,", () => {
  const slow = `
    import { writeFileSync } from "node:fs";
    import { init } from "tsmpi";
    writeFileSync("started", "");
    await new Promise((resolve) => setTimeout(resolve, 1000));
    const world = await init();
    console.log(await world.parent.recv({ source: 1 }).catch((error) => "worker: " + error.code));`;
  const parent = (dying: number): string => `
    import { existsSync } from "node:fs";
    import { init } from "tsmpi";
    const world = await init();
    const die = () => existsSync("started") && process.kill(process.pid, "SIGKILL");
    if (world.rank === ${dying}) setInterval(die, 20);
    const workers = await world.spawn(2, "worker.mjs").catch((error) => console.log("parent: " + error.code));`;

  test("is known to the new ranks as gone", async () => {
    const result = await run(parent(1), slow, 3, ["--keep-going"]);
    expect(result.stdout.match(/^worker: rank-failed$/gm)).toHaveLength(2);
    expect(result.code).toBe(0);
  });

  test("takes them with it, if it is rank 0", async () => {
    const result = await run(parent(0), slow, 3, ["--keep-going"]);
    expect(lines(result)).toEqual(["parent: rank-failed", "parent: rank-failed"]);
    expect(result.code).toBe(0);
  });
});

const attempt = `
import { init, sum } from "tsmpi";
const world = await init();
const error = await world.spawn(2, "worker.mjs").catch((thrown) => thrown);
console.log(error.code, error.message.replace(/.*?: /, ""));
console.log("sum", await world.allreduce(1, sum));
`;

describe("a spawn that fails rejects on all ranks, and the job goes on", () => {
  const cases = {
    "a syntax error": ["const x = ;", /^launch .*worker\.mjs:1:11: /m],
    "a program without init()": [
      "",
      /^launch rank \d \(spawned\) \(worker\.mjs\) on .* ended with exit code 0 \(ended before init\(\) had finished\)$/m,
    ],
    "a program that throws before init()": [
      "throw new Error('oops');",
      /^launch rank \d \(spawned\) .* ended with exit code 1$/m,
    ],
    "one rank that is killed before init()": [
      "import { init } from 'tsmpi'; if (process.env.TSMPI_RANK === '1') process.kill(process.pid, 'SIGKILL'); await init();",
      /^launch rank \d \(spawned\) .* was killed by SIGKILL/m,
    ],
  } as const;

  test.each(Object.entries(cases))("%s", async (_, [worker, says]) => {
    for (const ranks of [2, 1]) {
      const result = await run(attempt, worker, ranks);
      expect(result.stdout.match(new RegExp(says, "gm")), result.stdout).toHaveLength(ranks);
      expect(result.stdout.match(new RegExp(`^sum ${ranks}$`, "gm"))).toHaveLength(ranks);
      expect(result.code).toBe(0);
    }
  });

  test("a script that is not there", async () => {
    const result = await run(attempt.replace("worker", "none"), "", 2);
    expect(result.stdout.match(/^launch cannot run .*none\.mjs: there is no such file$/gm)).toHaveLength(2);
    expect(result.code).toBe(0);
  });

  test("ranks that never call init()", async () => {
    const result = await run(attempt, "setInterval(() => {}, 1000);", 2, ["--launch-timeout", "2"]);
    expect(result.stdout.match(/^launch ranks 2, 3 had not called init\(\) after 2 s/gm)).toHaveLength(2);
    expect(result.code).toBe(0);
  });

  test("ranks that want different ones", async () => {
    const other = attempt.replace("spawn(2", "spawn(world.rank + 1");
    const result = await run(other, "", 2);
    expect(
      result.stdout.match(/^mismatch .*spawn\(1, "worker.mjs"\) with args \[\], rank 1 says spawn\(2/gm),
    ).toHaveLength(2);
  });

  test("tsmpi exec, which starts programs that are not its own", async () => {
    const cwd = folder({ "main.mjs": attempt.replace("tsmpi", launcher), "worker.mjs": "" });
    const { stdout } = await runTsmpi(["exec", "-n", "2", process.execPath, "main.mjs"], { cwd });
    expect(
      stdout.match(/^launch tsmpi exec starts programs that are not its own: spawn\(\) needs tsmpi run$/gm),
    ).toHaveLength(2);
  });
});

describe("what ends a job", () => {
  const waits = `import { init } from "tsmpi"; const world = await init();`;

  test("is also a spawned rank that fails", async () => {
    const dies = `${waits} if (world.rank === 1) { await world.parent.recv({ source: 0 }); process.exit(7); } await world.recv({ source: 1 });`;
    const parent = `${waits} const workers = await world.spawn(2, "worker.mjs");
      if (world.rank === 0) await workers.send(1, { dest: 1 });
      await workers.recv({ source: 1 }).catch((error) => console.log(error.code, error.rank));`;
    const result = await run(parent, dies, 2);
    expect(result.stdout).toBe("rank-failed 3\nrank-failed 3\n");
    expect(result.stderr).toMatch(
      /^tsmpi: rank 3 \(spawned\) \(worker\.mjs\) on .* ended with exit code 7; stopping the other ranks$/m,
    );
    expect(result.code).toBe(7);
  });

  test("is a deadlock, once the spawned ranks wait, too", async () => {
    const stuck = `${waits} await world.parent.recv({ source: 0 });`;
    const parent = `${waits} await (await world.spawn(2, "worker.mjs")).recv({ source: 1 });`;
    const result = await run(parent, stuck, 2, ["--deadlock-after", "1"]);
    expect(result.stderr).toMatch(
      /^tsmpi: deadlock: every rank waits and nothing is on its way\n(.*\n)* +2-3 .*recv\(\{ source: 0 \}\).*worker\.mjs:1$/m,
    );
    expect(result.code).toBe(123);
  });

  test("is a signal, which reaches spawned ranks too", async () => {
    const long = `${waits} if (!world.parent) await world.spawn(2, "main.mjs"); console.log("up"); setInterval(() => {}, 1000);`;
    const cwd = folder({ "main.mjs": long });
    const running = start(["run", "-n", "1", "main.mjs"], { cwd });
    await running.shows("up", 3);
    running.child.kill("SIGTERM");
    const result = await running.result;
    expect(result.code).toBe(143);
  });
});
