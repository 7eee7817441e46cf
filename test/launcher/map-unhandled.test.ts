import { describe, expect, test } from "vitest";
import { runScript } from "../support/run-tsmpi.ts";

/** Node raises what nobody catches, in every rank: what only looks caught ends the job. */
const strict = ["--node-options", "--unhandled-rejections=strict"];

const head = `
  import { init, pool } from "tsmpi";
  import { setTimeout as sleep } from "node:timers/promises";
  await using world = await init();
  const tasks = {
    square: (x) => x * x,
    slow: async (x) => { await sleep(20); return x; },
    fail: (x) => { throw new RangeError("no " + x); },
    unserializable: () => () => 1,
    forever: () => new Promise(() => {}),
  };
  const caught = (error) => { if (world.rank === 0) console.log("caught", error.message.replace(/^.*?: (?=the init)/, "")); };
  const enough = () => { throw new Error("enough"); };
  // Rejections are raised after the turn in which nobody has caught them.
  const settled = () => sleep(50);
`;

/** Each program catches all that it awaits. What it did not await fails only because the whole pool fails. */
const programs: Record<string, { body: string; says: string; options?: string[] }> = {
  "a driver throws while calls are under way that it does not await": {
    body: `await pool(world, tasks, async (w) => {
        w.run("slow", 1); w.map("slow", [1, 2, 3]); w.starmap("slow", [[1]]); w.mapReduce("slow", [1, 2], Math.max);
        w.run("forever", 1);
        await w.run("square", 2);
        enough();
      }).catch(caught);`,
    says: "caught enough\n",
  },
  "a driver throws at once, not being async": {
    body: `await pool(world, tasks, (w) => { w.run("slow", 1); enough(); }).catch(caught);`,
    says: "caught enough\n",
  },
  "a driver throws, and what it has left behind starts further calls": {
    body: `await pool(world, tasks, async (w) => {
        setTimeout(() => { w.run("slow", 1); w.map("slow", [1]); }, 20);
        enough();
      }).catch(caught);`,
    says: "caught enough\n",
  },
  "a task throws in a map of the world": {
    body: `await world.map(tasks.fail, [1, 1, 1]).catch(caught);
      await world.map(tasks.fail, async function* () { yield 4; await sleep(5); yield 4; }).catch(caught);`,
    says: "caught no 1\ncaught no 4\n",
  },
  "a task throws, and its call is caught later": {
    body: `await pool(world, tasks, async (w) => {
        const results = await Promise.allSettled([w.run("fail", 1), w.run("slow", 2), w.map("fail", [3, 4])]);
        console.log(results.map(({ status }) => status).join());
      });`,
    says: "rejected,fulfilled,rejected\n",
  },
  "an initializer throws on each rank, on one, and beside a function for inputs that throws": {
    body: `const bad = { initializer: () => { throw new Error("the init"); } };
      await pool(world, tasks, (w) => { w.run("slow", 1); return sleep(5); }, bad).catch(caught);
      const one = { initializer: ({ rank }) => { if (rank === 1) throw new Error("the init"); } };
      await pool(world, tasks, async (w) => { w.run("slow", 1); w.map("slow", [1, 2]); await sleep(1000); }, one).catch(caught);
      await world.map(tasks.square, [1], bad).catch(caught);
      await world.map(tasks.square, enough, bad).catch(() => caught(new Error("it")));
      await world.map(tasks.square, async () => enough(), bad).catch(() => caught(new Error("it")));`,
    says: "caught the initializer failed: the init\n".repeat(3) + "caught it\n".repeat(2),
  },
  "an initializer throws when the driver has returned, and a call that it did not await is under way": {
    body: `const late = { initializer: async ({ rank }) => { if (rank === 1) { await sleep(50); throw new Error("the init"); } } };
      await pool(world, tasks, (w) => { w.run("forever", 1); w.imap("slow", [1, 2]); }, late).catch(caught);`,
    says: "caught the initializer failed: the init\n",
  },
  "a signal aborts a map, a call of a pool, and the pool": {
    body: `const signal = AbortSignal.timeout(30);
      await world.map(tasks.forever, [1, 2, 3], { signal }).catch(() => caught(new Error("map")));
      await pool(world, tasks, async (w) => {
        await w.map("forever", [1, 2], { signal: AbortSignal.timeout(20) }).catch(() => caught(new Error("call")));
      });
      await pool(world, tasks, async (w) => { w.run("forever", 1); await w.run("forever", 2); }, { signal: AbortSignal.timeout(20) })
        .catch(() => caught(new Error("pool")));`,
    says: "caught map\ncaught call\ncaught pool\n",
  },
  "inputs or results cannot travel": {
    body: `const told = () => caught(new Error("it"));
      await world.map(tasks.square, [() => 1, () => 2]).catch(told);
      await world.map(tasks.unserializable, [1, 2]).catch(told);
      await pool(world, tasks, async (w) => {
        await w.run("square", () => 1).catch(told);
        await w.run("unserializable", 1).catch(told);
        await w.map("square", [Symbol("no")]).catch(told);
      });`,
    says: "caught it\n".repeat(5),
  },
  "a consumer leaves a stream, or its inputs break": {
    body: `await pool(world, tasks, async (w) => {
        for await (const x of w.imap("slow", [1, 2, 3])) break;
        try { for await (const x of w.imapUnordered("slow", (function* () { yield 1; enough(); })())); } catch (error) { caught(error); }
        w.imap("slow", [1, 2, 3]);
      });`,
    says: "caught enough\n",
  },
};

describe("where rejections that nobody catches end a rank, what a program catches does not", () => {
  for (const [what, { body, says }] of Object.entries(programs)) {
    test(what, async () => {
      const { code, stdout, stderr } = await runScript(`${head}${body}\n await settled();`, ["-n", "3", ...strict]);
      expect(stderr).toBe("");
      expect(stdout).toBe(says);
      expect(code).toBe(0);
    });
  }

  test("a worker is killed under a pool that goes on without it", async () => {
    const body = `
      tasks.die = () => { if (world.rank === 1) process.kill(process.pid, "SIGKILL"); return sleep(5, 1); };
      await pool(world, tasks, async (w) => {
        const ones = await w.map("die", Array.from({ length: 20 }, () => 0));
        console.log(ones.length);
        w.run("forever", 1);
        enough();
      }).catch(caught);
      await settled();`;
    const { code, stdout, stderr } = await runScript(head + body, ["-n", "3", "--keep-going", ...strict]);
    expect(stderr).not.toMatch(/unhandled|UnhandledPromise|Error: enough/i);
    expect(stdout).toBe("20\ncaught enough\n");
    expect(code).toBe(0);
  });

  test("a clean-up of inputs that fails does not hide why the map has failed: it is a warning", async () => {
    const body = `
      function* inputs() { try { for (let i = 0; ; i++) yield i; } finally { throw new Error("the clean-up failed"); } }
      await world.map(tasks.fail, inputs).catch(caught);
      await settled();`;
    const { code, stdout, stderr } = await runScript(head + body, ["-n", "3", ...strict]);
    expect(stderr).toMatch(
      /^tsmpi: warning: script\.mjs:\d+: the clean-up of this call's inputs or journal failed: the clean-up failed\n$/,
    );
    expect(stdout).toMatch(/^caught no \d+\n$/);
    expect(code).toBe(0);
  });

  test("a call that failed by itself and that nobody catches ends the job, with its stack", async () => {
    const body = `await pool(world, tasks, async (w) => { w.run("fail", 7); await w.run("slow", 1); });`;
    const { code, stderr } = await runScript(head + body, ["-n", "2", ...strict]);
    expect(stderr.match(/RangeError: no 7/g)).toHaveLength(1);
    expect(stderr).toMatch(/at .*script\.mjs/);
    expect(code).toBe(1);
  });
});
