import { describe, expect, test } from "vitest";
import { folder, runTsmpi } from "../support/run-tsmpi.ts";

/** Runs a program on 3 ranks; `solver.ts` and `io.ts` are where its collectives are called. */
function run(solver: string, io: string): ReturnType<typeof runTsmpi> {
  const cwd = folder({
    "solver.ts": `import { type Communicator, sum } from "tsmpi";\nexport async function solve(world: Communicator) {\n  ${solver}\n}\n`,
    "io.ts": `import { type Communicator, sum } from "tsmpi";\nvoid sum;\nexport async function read(world: Communicator) {\n  ${io}\n}\n`,
    "main.ts": `import { init } from "tsmpi";
import { read } from "./io.ts";
import { solve } from "./solver.ts";
const world = await init();
try {
  if (world.rank === 0) await read(world);
  else await solve(world);
  await world.barrier();
  await world.barrier();
} catch (error) {
  console.log(error.code, error.message);
}
`,
  });
  return runTsmpi(["run", "-n", "3", "--timeout", "20", "main.ts"], { cwd });
}

describe("ranks in different collectives are told so at once, on every rank, with both places", () => {
  test.each([
    ["in operation, one of which has ended", "await world.allreduce(1, sum);", "await world.bcast(1);"],
    ["in operation, both of which wait", "await world.allreduce(1, sum);", "await world.barrier();"],
    ["in operation, found out by who waits", "await world.barrier();", "await world.gather(1, { root: 1 });"],
    ["in root, where nobody sends", "await world.bcast(1);", "await world.bcast(1, { root: 1 });"],
    ["in root, where all send", "await world.bcast(1, { root: world.rank });", "await world.bcast(1);"],
    ["in root, where all wait", "await world.reduce(1, sum);", "await world.reduce(1, (a, b) => a + b, { root: 1 });"],
  ])("%s", async (_, solver, io) => {
    const { code, stdout, stderr } = await run(solver, io);
    const lines = stdout.trim().split("\n");
    expect(lines).toHaveLength(3);
    for (const rank of [0, 1, 2]) {
      const line = lines.find((each) => each.startsWith(`mismatch [rank ${rank}/3 on `));
      expect(line, stdout).toMatch(/ is in \w+\(.*\) at (solver.ts:3|io.ts:4) instead; all ranks must call the same$/);
      expect(line).toContain(" at solver.ts:3");
    }
    expect(stdout).toContain(" at io.ts:4");
    expect(stderr).toBe("");
    expect(code).toBe(0);
  });

  test("in what a reduction combines with", async () => {
    const { stdout } = await run("await world.allreduce(1, sum);", "await world.allreduce(1, (a, b) => a + b);");
    for (const rank of [0, 1, 2]) expect(stdout).toMatch(new RegExp(`^mismatch \\[rank ${rank}/3 on `, "m"));
    expect(stdout).toMatch(/ combines with (sum|a function) at (solver.ts:3|io.ts:4), this one with (sum|a function);/);
  });

  test("in the length of arrays", async () => {
    const { stdout } = await run(
      "await world.allreduce(new Float64Array(4), sum);",
      "await world.allreduce(new Float64Array(3), sum);",
    );
    for (const rank of [0, 1, 2])
      expect(stdout).toMatch(
        new RegExp(`^mismatch \\[rank ${rank}/3 on .*ranks must give the same type and length`, "m"),
      );
    expect(stdout).toMatch(/allreduce\(\) at (solver.ts:3|io.ts:4): /);
  });
});
