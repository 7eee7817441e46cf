import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { folder, type Result, runTsmpi } from "../support/run-tsmpi.ts";

const captured = `import { init } from "tsmpi";
await using world = await init();
let factor = 1;
if (world.rank === 0) factor = 10;
const results = await world.map((x: number) => x * factor, [1, 2, 3], { rootWorks: false });
if (results) console.log(results);
`;
const warning = (file: string): string =>
  `tsmpi: warning: ${file}:5: the task of map() uses factor, which ${file}:4 assigns on some ranks only: ` +
  "every rank uses its own value; bcast it, or pass it with the inputs\n";

/** A run in its own cache, where no earlier run has left anything. */
function run(files: Record<string, string>, args: string[], env: Record<string, string> = {}): Promise<Result> {
  const cwd = folder(files);
  return runTsmpi(["run", "-n", "3", ...args], { cwd, env: { XDG_CACHE_HOME: join(cwd, "cache"), ...env } });
}

test("a captured variable that differs from rank to rank is one warning for the whole job", async () => {
  const { code, stdout, stderr } = await run({ "main.ts": captured }, ["main.ts"]);
  expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: "[ 1, 2, 3 ]\n", stderr: warning("main.ts") });
});

test("it is warned of again by the next run, which remembers what was found", async () => {
  const cwd = folder({ "main.ts": captured });
  for (let i = 0; i < 2; i++) {
    const env = { XDG_CACHE_HOME: join(cwd, "cache") };
    const { stderr } = await runTsmpi(["run", "-n", "2", "main.ts"], { cwd, env });
    expect(stderr).toBe(warning("main.ts"));
  }
});

test("files that the script imports are looked through too, and named as from where the ranks run", async () => {
  const cwd = folder({ "app/main.ts": 'import "../lib/work.ts";\n', "lib/work.ts": captured });
  mkdirSync(join(cwd, "cache"));
  const env = { XDG_CACHE_HOME: join(cwd, "cache") };
  const here = await runTsmpi(["run", "-n", "2", "app/main.ts"], { cwd, env });
  expect(here.stderr).toBe(warning("lib/work.ts"));
  const elsewhere = await runTsmpi(["run", "-n", "2", "--wdir", "lib", "app/main.ts"], { cwd, env });
  expect(elsewhere.stderr).toBe(warning("work.ts"));
});

test("a missing await is one warning with its line, although every rank notices it too as it runs", async () => {
  const script = `import { init, sum } from "tsmpi";
await using world = await init();
const total = world.allreduce(world.rank, sum);
console.log(\`total \${total}\`);
await total;
`;
  const { code, stderr } = await run({ "main.ts": script }, ["main.ts"]);
  expect(code).toBe(0);
  expect(stderr).toBe("tsmpi: warning: main.ts:4: a promise is used as text: is an await missing?\n");
});

test("a program without slips is run without a word", async () => {
  const shared = captured.replace("const results", "factor = await world.bcast(factor);\nconst results");
  const { code, stdout, stderr } = await run({ "main.ts": shared }, ["main.ts"]);
  expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: "[ 10, 20, 30 ]\n", stderr: "" });
});

test("where there is no parser for the machine the job runs all the same, and --verbose says it", async () => {
  const hook = "export function resolve(s,c,n){if(s==='oxc-parser')throw new Error('no such binary');return n(s,c)}";
  const register = `import{register}from"node:module";register(${JSON.stringify(`data:text/javascript,${encodeURIComponent(hook)}`)})`;
  const env = { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(register)}` };
  const quiet = await run({ "main.ts": captured }, ["main.ts"], env);
  expect({ code: quiet.code, stderr: quiet.stderr }).toEqual({ code: 0, stderr: "" });
  const verbose = await run({ "main.ts": captured }, ["--verbose", "main.ts"], env);
  expect(verbose.stderr).toMatch(/the source was not searched for slips: no such binary/);
});
