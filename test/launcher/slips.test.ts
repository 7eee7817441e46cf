import { describe, expect, test } from "vitest";
import { folder, runTsmpi } from "../support/run-tsmpi.ts";

/** Runs these lines, which begin at line 3, on so many ranks. */
async function run(lines: string, ranks = 3): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const script = `import { init, sum } from "tsmpi"; void sum;\nconst world = await init(); const { rank } = world;\n${lines}\n`;
  const cwd = folder({ "script.ts": script });
  const { code, stdout, stderr } = await runTsmpi(["run", "-n", String(ranks), "--timeout", "30", "script.ts"], {
    cwd,
  });
  return { code, stdout, stderr };
}

describe("a promise that is used as a value names its line", () => {
  test.each([
    ["in a sum", "console.log(world.allreduce(1, sum) as never + 1);"],
    ["in a product", "console.log(2 * (world.allreduce(1, sum) as never));"],
    ["in a comparison", "while ((world.allreduce(1, sum) as never) < 3);"],
    ["through a variable", "const total = world.allreduce(1, sum) as never as number; console.log(total - 1);"],
    ["of the user's own function", "const f = async () => world.allreduce(1, sum); console.log((f() as never) - 1);"],
  ])("%s, which is an error", async (_, lines) => {
    const { code, stdout, stderr } = await run(lines);
    expect(stderr).toContain("script.ts:3: a promise is used as a number: is an await missing?\n");
    expect(stdout).toBe("");
    expect(code).toBe(1);
  });

  test("as text, which is a warning, told once for all ranks", async () => {
    const { code, stdout, stderr } = await run(
      "console.log(`total ${world.allreduce(1, sum)}`);\nawait world.barrier();",
    );
    expect(stderr).toBe("tsmpi: warning: script.ts:3: a promise is used as text: is an await missing?\n");
    expect(stdout).toBe("total [object Promise]\n".repeat(3));
    expect(code).toBe(0);
  });

  test("and is shown as Node shows it by console.log", async () => {
    const { code, stdout, stderr } = await run("console.log(Promise.resolve(1));", 1);
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: "Promise { 1 }\n", stderr: "" });
  });
});

describe("a call that is still pending when what it waits in is closed says which and where", () => {
  test.each([
    [
      "a receive",
      "void world.recv({ source: 0, tag: 7 });\nawait world.close();",
      "recv({ source: 0, tag: 7 }) at script.ts:3",
    ],
    [
      "a receive of a communicator",
      "const row = await world.split(0);\nvoid row.recv({ source: 1 });\nawait row.close();",
      "recv({ source: 1 }) at script.ts:4",
    ],
    ["a collective", "if (rank > 0)\n  void world.barrier();\nawait world.close();", "barrier() at script.ts:4"],
  ])("%s", async (_, lines, call) => {
    const { code, stderr } = await run(lines);
    expect(stderr).toMatch(/^\[rank \d\/3 on /);
    expect(stderr).toContain(`${call}: it was still pending when this was closed: is an await missing?`);
    expect(code).toBe(1);
  });
});

describe("process.exit()", () => {
  const send = "void world.send(new Float64Array(100_000), { dest: 1, tag: 4 });";

  test("with messages that were never delivered is an error that names them", async () => {
    const { code, stderr } = await run(
      `if (rank === 0) {\n  ${send}\n  process.exit(0);\n}\nif (rank === 1) await world.recv();`,
    );
    expect(stderr).toContain(
      "tsmpi: warning: script.ts:5: process.exit() with messages that were never delivered: send({ dest: 1, tag: 4 }) at script.ts:4; await them before\n",
    );
    expect(code).toBe(1);
  });

  test("with small messages loses none", async () => {
    const { code, stdout, stderr } = await run(
      "if (rank === 0) { for (let i = 0; i < 50; i++) void world.send(i, { dest: 1 }); process.exit(0); }\n" +
        "if (rank === 1) for (let i = 0; i < 50; i++) if ((await world.recv()) !== i) throw new Error('lost');\nif (rank === 1) console.log('all');",
    );
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: "all\n", stderr: "" });
  });
});

describe("a collective that some ranks never joined ends the job with 1, and both places", () => {
  test.each([
    [
      "a map on rank 0 alone",
      "if (rank === 0)\n  await world.map((x: number) => x, [1, 2, 3]);",
      "map() #0 at script.ts:4 was called by rank 0 and never by ranks 1-2 (none before)",
    ],
    [
      "a broadcast that the others forgot",
      "await world.barrier();\nif (rank === 0)\n  await world.bcast(1);",
      "bcast({ root: 0 }) #1 at script.ts:5 was called by rank 0 and never by ranks 1-2 (their last one is barrier() #0 at script.ts:3)",
    ],
    [
      "a reduction that its root forgot",
      "if (rank > 0)\n  await world.reduce(1, sum);",
      "reduce({ root: 0 }) #0 at script.ts:4 was called by ranks 1-2 and never by rank 0 (none before)",
    ],
    [
      "of another communicator",
      "const some = await world.subset([1, 2]);\nif (rank === 1)\n  await some?.bcast(1);",
      "bcast({ root: 0 }) #0 at script.ts:5 was called by rank 1 and never by rank 2 (none before)",
    ],
  ])("%s", async (_, lines, sentence) => {
    const { code, stderr } = await run(lines);
    expect(stderr).toBe(`tsmpi: ${sentence}: a collective is called by all ranks\n`);
    expect(code).toBe(1);
  });

  test("but not where all have called it, and communicators differ", async () => {
    const { code, stderr } = await run(
      "await using row = await world.split(rank % 2);\nfor (let i = 0; i <= rank % 2; i++) await row.barrier();\nawait world.barrier();",
    );
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  });
});

test("a top-level await that never settles is explained", async () => {
  const { code, stderr } = await run("if (rank === 1) await new Promise(() => {});");
  expect(stderr).toContain("ended with exit code 13 (Node's for a top-level await that never settled");
  expect(code).toBe(13);
});

test("who waits in vain is told of a message with another tag, and where it waits", async () => {
  const { code, stderr } = await run(
    "if (rank === 0) await world.send(1, { dest: 1, tag: 5 });\nif (rank === 1)\n  await world.recv({ source: 0, tag: 7 });",
  );
  expect(stderr).toMatch(
    /recv\(\{ source: 0, tag: 7 \}\) at script\.ts:5: rank 0 is gone \(ended, pid \d+\); a message from rank 0 with tag 5 is there, not 7/,
  );
  expect(code).toBe(1);
});

test("one caught deadlock of a world of one leaves it as it was", async () => {
  const { code, stdout } = await run(
    "for (let i = 0; i < 2; i++) console.log(await world.recv().catch((error) => error.code), await world.allreduce(5, sum));\n" +
      "await world.send(1, { dest: 0 });\nconsole.log(await world.recv());",
    1,
  );
  expect({ code, stdout }).toEqual({ code: 0, stdout: "deadlock 5\ndeadlock 5\n1\n" });
});
