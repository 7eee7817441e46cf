import { describe, expect, test } from "vitest";
import { folder, runTsmpi } from "../support/run-tsmpi.ts";

interface Outcome {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** Runs these lines, which begin at line 3, under `--check` on so many ranks. */
async function check(lines: string, ranks = 2, args = ["--check"], env = {}): Promise<Outcome> {
  const script = `import { init, max, sum } from "tsmpi"; void [max, sum];\nawait using world = await init(); const { rank } = world;\n${lines}\n`;
  const cwd = folder({ "main.ts": script });
  const words = ["run", "-n", String(ranks), "--timeout", "60", ...args, "main.ts"];
  const { code, stdout, stderr } = await runTsmpi(words, { cwd, env });
  return { code, stdout, stderr };
}

/** What is computed from the rank may be meant: the analysis of the source says nothing about it. */
const captured =
  "const factor = 1 + rank;\n" +
  "const all = await world.map((x: number) => x * factor, [1, 2, 3, 4, 5, 6]);\nif (all) console.log(all.length);";

describe("tsmpi run --check finds, once and with its line,", () => {
  test.each([
    [
      "a buffer that changes while it is sent",
      "const array = new Float64Array(1000);\nconst sent = world.send(array, { dest: 1 - rank });\narray[0] = 1;\nawait world.recv();\nawait sent;",
      "main.ts:4: send(): what was given to it has changed while it was under way; await it before you change that",
    ],
    [
      "a value that changes while it is reduced",
      "const array = new Float64Array(4);\nconst total = world.allreduce(array, sum);\narray[0] = 1;\nawait total;",
      "main.ts:4: allreduce(): what was given to it has changed while it was under way; await it before you change that",
    ],
    [
      "memory that two calls fill",
      "const into = new Float64Array(6);\nconst one = world.allreduce(new Float64Array(4), sum, { into: into.subarray(0, 4) });\nconst two = world.allreduce(new Float64Array(3), sum, { into: into.subarray(3) });\nawait Promise.all([one, two]);",
      "main.ts:5: allreduce(): its memory overlaps that of allreduce() at main.ts:4, which is under way; await that first",
    ],
    [
      "a communicator that is left open",
      "const row = await world.split(rank % 2);\nawait row?.barrier();",
      "main.ts:3: a communicator was made here and never closed; write: await using",
    ],
    [
      "a message that nobody receives",
      "if (rank === 0) await world.send(1, { dest: 1, tag: 5 });\nawait world.barrier();",
      "never received: 1 message from rank 0 to rank 1 with tag 5",
    ],
    [
      "a promise used as text",
      "const text = `${world.allreduce(1, sum)}`;\nawait world.barrier();\nvoid text;",
      "main.ts:3: a promise is used as text: is an await missing?",
    ],
  ])("%s", async (_, lines, sentence) => {
    const { code, stderr } = await check(lines);
    expect(stderr).toBe(`tsmpi: warning: ${sentence}\ntsmpi: --check found 1 mistake\n`);
    expect(code).toBe(1);
  });

  test("a captured variable that differs from rank to rank", async () => {
    const { code, stdout, stderr } = await check(captured, 3);
    expect(stderr).toMatch(
      /^tsmpi: warning: main\.ts:4: task map gave another result on rank \d than on rank \d for input \d: a captured variable that differs from rank to rank\? \(or it is random, or has effects\)\ntsmpi: --check found 1 mistake\n$/,
    );
    expect({ code, stdout }).toEqual({ code: 1, stdout: "6\n" });
  });

  test("all of several mistakes", async () => {
    const { code, stderr } = await check(`await world.dup();\nawait world.dup();\n${captured}`);
    expect(stderr.split("\n").at(-2)).toBe("tsmpi: --check found 3 mistakes");
    expect(code).toBe(1);
  });
});

describe("an `into` that is read before the call has ended", () => {
  test.each(["Float64Array", "Float32Array"])(
    "holds NaN, in a %s, and what the message did not fill comes back",
    async (kind) => {
      const { code, stdout, stderr } = await check(
        `if (rank === 0) { await world.barrier(); await world.send(${kind}.of(1, 2), { dest: 1 }); }\n` +
          `if (rank === 1) {\n  const into = new ${kind}(4).fill(7);\n  const done = world.recv({ source: 0, into });\n` +
          "  console.log(into.join()); await world.barrier(); await done; console.log(into.join());\n}",
      );
      expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: "NaN,NaN,NaN,NaN\n1,2,7,7\n", stderr: "" });
    },
  );

  test("but not where a call works in place", async () => {
    const { code, stdout, stderr } = await check(
      "const own = Float64Array.of(rank, 2);\nconst done = world.allreduce(own, sum, { into: own });\nconsole.log(own[1]); await done; console.log(own.join());",
    );
    expect(stdout.split("\n").sort().join("|")).toBe("|1,4|1,4|2|2");
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  });
});

describe("arguments that differ fail the collective on all ranks, with both lines", () => {
  test.each([
    ["an operation", "world.allreduce(1, max)", "world.allreduce(1, sum)", ["max", "sum"]],
    [
      "the function of an operation",
      "world.allreduce(1, (a, b) => a + b)",
      "world.allreduce(1, (a, b) => a * b)",
      ["(a, b) => a + b", "(a, b) => a * b"],
    ],
    [
      "lengths",
      "world.allreduce(new Float64Array(3), sum)",
      "world.allreduce(new Float64Array(4), sum)",
      ["Float64Array(3)", "Float64Array(4)"],
    ],
    [
      "kinds of arrays",
      "world.scan(new Float64Array(3), sum)",
      "world.scan(new Float32Array(3) as never, sum)",
      ["Float64Array(3)", "Float32Array(3)"],
    ],
    ["`deterministic`", "world.reduce(1.5, sum, { deterministic: true })", "world.reduce(1.5, sum)", ["true", "false"]],
  ])("%s", async (_, first, others, given) => {
    const { code, stdout } = await check(
      `const outcome = (rank === 0\n  ? ${first}\n  : ${others}) as Promise<unknown>;\n` +
        "const error = await outcome.catch((thrown) => thrown);\nconsole.log(error.code, rank, error.message);",
    );
    expect(stdout.match(/^mismatch \d/gm)?.sort()).toEqual(["mismatch 0", "mismatch 1"]);
    // Either rank may be the first to notice.
    for (const part of given) expect(stdout).toContain(part);
    expect(stdout).toContain(", this one ");
    for (const line of ["main.ts:4", "main.ts:5"]) expect(stdout).toContain(line);
    expect(code).toBe(0); // caught
  });

  test("and so does a value that cannot travel", async () => {
    const { stdout } = await check(
      "const value = rank === 1 ? { done: () => 1 } : { done: 1 };\nconst error = await world.gather(value as unknown).catch((thrown) => thrown);\nconsole.log(error.code, error.message.replace(/.*: rank/, 'rank'));",
      3,
    );
    const line =
      "unserializable rank 1 at main.ts:4 cannot take part: data.done is a function; send data, and keep functions on each rank\n";
    expect(stdout).toBe(line.repeat(3));
  });
});

describe("the exit code", () => {
  const clean =
    "await using pair = await world.split(0);\nconst own = new Float64Array(8).fill(1);\n" +
    "await pair?.allreduce(own, sum, { into: own });\nconst to = 1 - rank;\n" +
    "const into = new Float64Array(8);\nawait world.sendrecv(own, { dest: to, source: to, into });\n" +
    "const all = await world.map((x: number) => ({ x, root: Math.sqrt(-x) }), Array.from({ length: 300 }, (_, i) => i));\n" +
    "if (rank === 0) console.log(into[0], all?.length);";

  test("is 0 where nothing is found, and nothing is said", async () => {
    expect(await check(clean)).toEqual({ code: 0, stdout: "2 300\n", stderr: "" });
  });

  test("is 0 for the same mistakes without --check, as far as they do not show then", async () => {
    expect(await check(captured, 3, [])).toEqual({ code: 0, stdout: "6\n", stderr: "" });
  });

  test("is that of the program where it fails by itself", async () => {
    const { code, stderr } = await check(
      "await world.dup();\nawait world.barrier();\nif (rank === 1) process.exit(7);\nawait world.recv({ source: 1 });",
    );
    expect(code).toBe(7);
    expect(stderr).not.toContain("--check found");
  });

  test("is 1 by the variable TSMPI_CHECK=1 as by the option", async () => {
    const { code, stderr } = await check("await world.dup();", 2, [], { TSMPI_CHECK: "1" });
    expect(stderr).toContain("tsmpi: --check found 1 mistake\n");
    expect(code).toBe(1);
  });
});
