import { expect, test } from "vitest";
import { runScript } from "../support/run-tsmpi.ts";

test("a task that never returns to the event loop is given up; its rank gets work again when it comes back", async () => {
  const script = `
    import { init } from "tsmpi";
    const world = await init();
    const busy = (x) => {
      if (x === 0) for (const end = performance.now() + 2500; performance.now() < end; );
      return x;
    };
    const options = { timeoutMs: 100, stopOnError: false, rootWorks: false };
    const results = await world.map(busy, [0, 1, 2, 3], options);
    if (results) console.log(results.map(({ value, reason }) => value ?? reason.message).join("\\n"));
    const again = await world.map((x) => x + 1, [1, 2, 3], { rootWorks: false });
    if (again) console.log(again.join());
    await world.close();
  `;
  const { code, stdout } = await runScript(script, ["-n", "2"]);
  expect(stdout).toBe("input 0 of busy: the task took more than 100 ms\n1\n2\n3\n2,3,4\n");
  expect(code).toBe(0);
});

test("when no rank comes back from a task that was given up, calls with a time limit fail", async () => {
  const script = `
    import { init, pool } from "tsmpi";
    const world = await init();
    const never = (x) => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, x);
    await pool(world, { never }, async (workers) => {
      const calls = [60_000, 0].map((x) => workers.run("never", x, { timeoutMs: 100 }));
      for (const { reason } of await Promise.allSettled(calls)) console.log(reason.code, reason.message);
      world.abort({ code: 5, reason: "enough" });
    });
  `;
  const { code, stdout } = await runScript(script, ["-n", "2"]);
  expect(stdout).toMatch(
    /^aborted input 0 of never: the task took more than 100 ms\naborted no rank is free: rank 1 \(\S+\) did not return from a task that was given up\n$/,
  );
  expect(code).toBe(5);
});

test("a task that nobody catches ends the job with its stack, once", async () => {
  const script = `
    import { init } from "tsmpi";
    await using world = await init();
    await world.map(function explode(x) {
      if (x === 5) throw new RangeError("five");
      return x;
    }, [1, 2, 3, 4, 5, 6]);
  `;
  const { code, stderr } = await runScript(script, ["-n", "3"]);
  expect(code).toBe(1);
  expect(stderr.match(/RangeError: five/g)).toHaveLength(1);
  expect(stderr).toMatch(/task explode failed for input 4 on rank \d \(.+\)/);
  expect(stderr).toMatch(/at explode .*script\.mjs/);
});

test("an endless pool ends when its job is stopped", async () => {
  const script = `
    import { init, pool } from "tsmpi";
    const world = await init();
    function* endless() { for (let i = 0; ; i++) yield i; }
    const wait = (x) => new Promise((resolve) => setTimeout(resolve, 1, x));
    await pool(world, { wait }, async (workers) => {
      for await (const x of workers.imap("wait", endless())) if (x === 50) await world.abort({ code: 9, reason: "enough" });
    });
  `;
  const { code } = await runScript(script, ["-n", "3"]);
  expect(code).toBe(9);
});

test("while rank 0 computes one task, other ranks do all the others", async () => {
  const script = `
    import { appendFileSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
    import { tmpdir } from "node:os";
    import { join } from "node:path";
    import { init } from "tsmpi";
    const world = await init();
    const file = await world.bcast(world.rank === 0 ? join(mkdtempSync(join(tmpdir(), "tsmpi-test-")), "done") : undefined);
    if (world.rank === 0) writeFileSync(file, "");
    await world.barrier();
    const results = await world.map((_, { rank }) => {
      if (rank !== 0) return appendFileSync(file, "x");
      let others = 0;
      for (const end = Date.now() + 20_000; others < 99 && Date.now() < end; ) others = readFileSync(file).length;
      return others;
    }, Array.from({ length: 100 }, (_, i) => i));
    if (results) console.log(results.filter((others) => others !== undefined).join());
    await world.close();
  `;
  const { code, stdout } = await runScript(script, ["-n", "3"]);
  expect(stdout).toBe("99\n");
  expect(code).toBe(0);
});

test("rank 0 that leaves with exit code 0 in a task does not look like a good end", async () => {
  const script = `
    import { init } from "tsmpi";
    const world = await init();
    await world.map((x, { rank }) => { if (rank === 0) process.exit(0); return x; }, [1, 2, 3, 4, 5, 6, 7, 8]);
  `;
  const { code, stderr } = await runScript(script, ["--keep-going", "-n", "1"]);
  expect(stderr).toMatch(/^tsmpi: rank 0 of 1 on \S+ ended with exit code 0 in a task or its driver, so there are no/m);
  expect(code).toBe(1);
});
