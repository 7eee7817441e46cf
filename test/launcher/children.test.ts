import { describe, expect, test } from "vitest";
import { folder, runScript, runTsmpi } from "../support/run-tsmpi.ts";

const noRank = (what: string): string =>
  `tsmpi: warning: ${what} of a rank called init() and got a world of its own, with one rank: only one process of a rank, in its main thread, belongs to the world\n`;
const lines = (text: string): string[] => text.split("\n").filter(Boolean).sort();
const library = new URL("../../packages/launcher/dist/index.js", import.meta.url);
/** A program that says which rank it is, and how many there are. */
const who = `import { init, sum } from "${library}";
  const world = await init();
  console.log("rank", world.rank, "of", world.size, await world.allreduce(1, sum));
  await world.close();`;

describe("what a rank has started is no rank", () => {
  // Children of all kinds call init() in this script while its ranks are in their world, before and after.
  const script = `
    import { fork, spawn } from "node:child_process";
    import cluster from "node:cluster";
    import { once } from "node:events";
    import { isMainThread, parentPort, Worker } from "node:worker_threads";
    import { init, sum } from "${library}";
    const file = import.meta.filename;
    const kind = !isMainThread ? "thread" : cluster.isWorker ? "cluster" : process.argv[2];
    if (kind !== undefined) {
      const heard = [];
      process.on("message", (message) => heard.push(message));
      const world = await init();
      await world.close();
      const told = { kind, rank: world.rank, size: world.size, heard };
      if (kind === "spawn") console.log(JSON.stringify(told));
      else if (kind === "thread") parentPort.postMessage(told);
      else process.send(told, () => process.disconnect());
    } else {
      const heard = [];
      process.on("message", (message) => heard.push(message));
      const before = fork(file, ["fork"]);
      const early = once(before, "message"); // it says hello before its parent does
      if (process.env.TSMPI_RANK === "0") await early;
      const world = await init();
      const children = [before, new Worker(file), (cluster.setupPrimary({ exec: file }), cluster.fork())];
      const told = await Promise.all([early, ...children.slice(1).map((child) => once(child, "message"))]);
      const spawned = spawn(process.execPath, [file, "spawn"], { stdio: ["ignore", "pipe", "inherit"] });
      const [text] = await once(spawned.stdout, "data");
      for (const each of [...told.map(([message]) => JSON.stringify(message)), String(text).trim()]) console.log(each);
      console.log("rank", world.rank, await world.allreduce(1, sum), typeof process.send, process.connected, heard.length);
      await world.close();
    }`;

  test("a forked child, a cluster worker, a thread, a spawned program", async () => {
    const { code, stdout, stderr } = await runScript(script, ["-n", "2"]);
    const children = ["cluster", "fork", "spawn", "thread"].flatMap((kind) =>
      Array.from({ length: 2 }, () => JSON.stringify({ kind, rank: 0, size: 1, heard: [] })),
    );
    expect(lines(stdout)).toEqual(
      [...children, "rank 0 2 undefined undefined 0", "rank 1 2 undefined undefined 0"].sort(),
    );
    expect(lines(stderr)).toEqual(lines(noRank("a child process") + noRank("a worker thread")));
    expect(code).toBe(0);
  });
});

describe("tsmpi exec: the first process that calls init() is the rank", () => {
  const files = {
    "who.mjs": who,
    "package.json": `{ "scripts": { "who": "node who.mjs" }, "bin": { "who": "./who.mjs" }, "name": "who" }`,
    "parent.mjs": `import { fork } from "node:child_process"; fork("who.mjs").on("exit", (code) => process.exit(code));`,
    "twice.sh": "node who.mjs && node who.mjs",
  };

  test.each([
    ["npm run", ["npm", "run", "--silent", "who"]],
    ["npx", ["npx", "--no-install", "node", "who.mjs"]],
    ["a shell", ["sh", "-c", "node who.mjs; true"]],
    ["a Node program that forks another one", ["node", "parent.mjs"]],
  ])("under %s", async (_name, words) => {
    const { code, stdout, stderr } = await runTsmpi(["exec", "-n", "2", ...words], { cwd: folder(files) });
    expect({ code, lines: lines(stdout), stderr }).toEqual({
      code: 0,
      lines: ["rank 0 of 2 2", "rank 1 of 2 2"],
      stderr: "",
    });
  });

  test("a second one is told", async () => {
    const { code, stdout, stderr } = await runTsmpi(["exec", "-n", "2", "sh", "twice.sh"], { cwd: folder(files) });
    expect({ code, lines: lines(stdout), stderr }).toEqual({
      code: 0,
      lines: ["rank 0 of 1 1", "rank 0 of 1 1", "rank 0 of 2 2", "rank 1 of 2 2"],
      stderr: noRank("a second process"),
    });
  });
});

test("a process whose job has ended, or that does not see the agent's directory, says so", async () => {
  const env = { TSMPI_RANK: "1", TSMPI_SIZE: "2", TSMPI_SOCKET: "/nowhere/agent" };
  const { code, stderr } = await runTsmpi(
    ["exec", "-n", "1", "env", "TSMPI_SOCKET=/nowhere/agent", "node", "who.mjs"],
    {
      cwd: folder({ "who.mjs": who }),
      env,
    },
  );
  expect(code).toBe(1);
  expect(stderr).toContain(
    "its agent does not answer at /nowhere/agent (connect ENOENT /nowhere/agent): the job has ended",
  );
});
