import { spawnSync } from "node:child_process";
import { describe, expect, test } from "vitest";
import { command, folder, runScript, runTsmpi } from "../support/run-tsmpi.ts";

const sorted = (text: string): string[] => text.split("\n").filter(Boolean).sort();

test("an Error.prepareStackTrace that makes call sites breaks no call and no line", async () => {
  const script = `import { init } from "tsmpi";
    Error.prepareStackTrace = (_, sites) => sites;
    const world = await init();
    const doubled = await world.map((x) => 2 * x, [1, 2]);
    const failed = await world.map((x) => { throw new Error("no"); }, [1], { retries: 0 }).catch((error) => error);
    const refused = await world.send(1, { dest: 9 }).catch((error) => error);
    if (world.rank === 0) console.log(doubled, failed.message, refused.message.match(/script.mjs:\\d+/)[0], typeof refused.stack);
    await world.close();`;
  const { code, stdout, stderr } = await runScript(script, ["-n", "2"]);
  expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: "[ 2, 4 ] no script.mjs:6 string\n", stderr: "" });
});

describe("a debugger", () => {
  const script = `import { url } from "node:inspector";
    const { port } = new URL(url());
    console.log(process.env.TSMPI_RANK, port);`;
  const base = 20_000 + (process.pid % 10_000);

  test.each([
    ["--inspect", [`--inspect=${base}`], {}, base],
    ["--node-options", ["--node-options", `--inspect=127.0.0.1:${base}`], {}, base],
    // The launcher is a Node process too: it takes the first.
    ["NODE_OPTIONS", [], { NODE_OPTIONS: `--inspect=${base}` }, base + 1],
  ])("has a port of its own at each rank, which is told: %s", async (_name, options, env, first) => {
    const { code, stdout, stderr } = await runScript(script, ["-n", "2", ...options], {
      cwd: folder({ "script.mjs": script }),
      env,
    });
    expect({ code, ports: sorted(stdout) }).toEqual({ code: 0, ports: [`0 ${first}`, `1 ${first + 1}`] });
    expect(stderr).toMatch(
      new RegExp(
        `^tsmpi: debuggers: rank 0 on \\S+ at 127\\.0\\.0\\.1:${first}, rank 1 on \\S+ at 127\\.0\\.0\\.1:${first + 1}$`,
        "m",
      ),
    );
  });
});

test("a rank finds the directory of --wdir in PWD, and its arguments as they were typed", async () => {
  const there = folder();
  const cwd = folder({
    "a.mjs": `console.log(process.cwd() === process.env.PWD, JSON.stringify(process.argv.slice(2)));`,
  });
  const words = ["a\nb", "", "c d", `"'$x`];
  const { code, stdout } = await runTsmpi(["run", "-n", "1", "--wdir", there, `${cwd}/a.mjs`, ...words], { cwd });
  expect({ code, stdout }).toEqual({ code: 0, stdout: `true ${JSON.stringify(words)}\n` });
});

test("an environment that leaves no room for what ranks get besides is refused in a sentence", () => {
  const cwd = folder({ "a.mjs": "" });
  const words = [command, "run", "-n", "1", "a.mjs"];
  const run = (program: string, bytes: number) => {
    const big = Array.from({ length: Math.ceil(bytes / 100_000) }, (_, index) => [
      `BIG_${index}`,
      "x".repeat(Math.min(100_000, bytes - index * 100_000)),
    ]);
    const env = { PATH: process.env["PATH"], ...Object.fromEntries(big) };
    return spawnSync(program, words, { cwd, env, encoding: "utf8" });
  };
  let [fits, fails] = [0, 8 << 20];
  while (fails - fits > 100) {
    const middle = Math.floor((fits + fails) / 2);
    if (run("/bin/true", middle).status === 0) fits = middle;
    else fails = middle;
  }
  const { status, stderr } = run(process.execPath, fits - 200);
  expect({ status, stderr }).toEqual({
    status: 125,
    stderr:
      "tsmpi: cannot start rank 0: environment and arguments together are more than the system lets a program have (2 MB): unset some variables\n",
  });
});

describe("another runtime is told that Node.js is needed", () => {
  test.each(["bun", "deno"])("%s", (name) => {
    // Not installed here: what tells them apart is this entry.
    const pretend = `data:text/javascript,Object.defineProperty(process.versions,"${name}",{value:"1.2.3"})`;
    const library = new URL("../../packages/launcher/dist/index.js", import.meta.url).href;
    const start = (...words: string[]) =>
      spawnSync(process.execPath, ["--import", pretend, ...words], { encoding: "utf8" });
    const { status, stderr } = start(command, "run", "x.ts");
    expect({ status, stderr }).toEqual({
      status: 125,
      stderr: `tsmpi: Node.js is needed, this is ${name} 1.2.3: install Node.js and type tsmpi\n`,
    });
    const script = `import { init } from "${library}"; init().catch(({ code, message }) => console.log(code, message));`;
    expect(start("--input-type=module", "-e", script).stdout).toBe(
      `launch init(): Node.js is needed, and this is ${name} 1.2.3: start the script with tsmpi run\n`,
    );
  });
});
