import { expect, it } from "vitest";
import { folder, runTsmpi } from "../support/run-tsmpi.ts";

const program = (name: string): string => `
  import { init } from "tsmpi";
  import { shared } from "./shared.ts";
  const world = await init();
  const own = await world.split(world.program);
  if (process.argv[2] === "throw") throw new Error(\`wrong on rank \${world.rank as number}\`);
  console.log("${name}", shared, world.rank, world.program, own.rank, own.size, process.argv.slice(2).join(), process.env.PLACE);
  await world.barrier();
  await world.close();
`;
const files = { "a.ts": program("a"), "b.ts": program("b"), "shared.ts": "export const shared: string = 'shared';" };

it("several programs are one job: ranks are numbered in order, and world.program tells which program a rank runs", async () => {
  const args = "run -n 2 --env PLACE=1 a.ts \\: x : -n 3 --env PLACE=2 b.ts y".split(" ");
  const { code, stdout, stderr } = await runTsmpi(args, { cwd: folder(files) });
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(stdout.trim().split("\n").toSorted()).toEqual([
    "a shared 0 0 0 2 :,x 1",
    "a shared 1 0 1 2 :,x 1",
    "b shared 2 1 0 3 y 2",
    "b shared 3 1 1 3 y 2",
    "b shared 4 1 2 3 y 2",
  ]);
});

it("a failure names the program of the rank", async () => {
  const args = "run -n 1 a.ts : -n 1 b.ts throw".split(" ");
  const { code, stderr } = await runTsmpi(args, { cwd: folder(files) });
  expect(code).toBe(1);
  expect(stderr).toMatch(/b\.ts:6/);
  expect(stderr).toMatch(/tsmpi: rank 1 of 2 \(b\.ts\) on \S+ \(pid \d+\) ended with exit code 1/);
});
