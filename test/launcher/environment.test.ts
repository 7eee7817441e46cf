import { realpathSync } from "node:fs";
import { availableParallelism, hostname } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { folder, runScript, runTsmpi, shell } from "../support/run-tsmpi.ts";

const show = (...names: string[]) =>
  `console.log(${names.map((name) => `process.env.${name} ?? "unset"`).join(", ")});`;

describe("what ranks see", () => {
  it("is who they are", async () => {
    const script = show(
      "TSMPI_RANK",
      "TSMPI_SIZE",
      "TSMPI_LOCAL_RANK",
      "TSMPI_LOCAL_SIZE",
      "TSMPI_NODE",
      "TSMPI_NODES",
      "TSMPI_HOST",
    );
    const { stdout } = await runScript(script, ["-n", "3"]);
    expect(stdout.trimEnd().split("\n").sort()).toEqual(
      [0, 1, 2].map((rank) => `${rank} 3 ${rank} 3 0 1 ${hostname()}`),
    );
  });

  it("is a job of one name, and the version", async () => {
    const { stdout } = await runScript(show("TSMPI_JOB", "TSMPI_VERSION"), ["-n", "2"]);
    const [first, second] = stdout.split("\n");
    expect(first).toMatch(/^[0-9a-f]{16} \d+\.\d+\.\d+$/);
    expect(second).toBe(first);
  });

  it("is the launching shell: its variables, its directory, its umask", async () => {
    const cwd = folder({
      "script.mjs": `console.log(process.env.FROM_SHELL, process.cwd(), process.umask().toString(8));`,
    });
    const { stdout } = await shell("umask 027; FROM_SHELL='a b' tsmpi run -n 1 script.mjs", { cwd }).result;
    expect(stdout).toBe(`a b ${realpathSync(cwd)} 27\n`);
  });

  it("is one rank for each CPU that may be used when -n is left out", async () => {
    const { stdout } = await runScript(show("TSMPI_SIZE"));
    expect(Number(stdout.split("\n")[0])).toBeLessThanOrEqual(availableParallelism());
    const { stdout: pinned } = await shell("export -f tsmpi; taskset -c 0 bash -c 'tsmpi run script.mjs'", {
      cwd: folder({ "script.mjs": show("TSMPI_SIZE") }),
    }).result;
    expect(pinned).toBe("1\n");
  });

  it("is node's options from --node-options", async () => {
    const script = `import { getHeapStatistics } from "node:v8"; console.log(Math.round(getHeapStatistics().heap_size_limit / 2 ** 20) < 300, process.title);`;
    const { stdout } = await runScript(script, [
      "-n",
      "1",
      "--node-options",
      `--max-old-space-size=100 --title="a title"`,
    ]);
    expect(stdout).toBe("true a title\n");
  });
});

describe("--env", () => {
  it("sets, replaces, empties and passes on variables", async () => {
    const args = ["-n", "1", "--env", "A=1=2", "--env", "B=", "--env", "C", "--env", "D=new"];
    const { stdout } = await runScript(show("A", "B", "C", "D"), args, { env: { C: "present", D: "old" } });
    expect(stdout).toBe("1=2  present new\n");
  });

  it("says that a variable to pass on is not set, and goes on", async () => {
    const { code, stderr } = await runScript("", ["-n", "1", "--env", "NOT_SET_ANYWHERE"]);
    expect({ code, stderr }).toEqual({
      code: 0,
      stderr: "tsmpi: --env NOT_SET_ANYWHERE: NOT_SET_ANYWHERE is not set, so ranks will not see it either\n",
    });
  });
});

describe("--wdir", () => {
  it("is where ranks start; the script is looked for where the command was typed", async () => {
    const cwd = folder({ "script.mjs": "console.log(process.cwd());", "sub/x": "" });
    const { stdout } = await runTsmpi(["run", "-n", "1", "--wdir", "sub", "script.mjs"], { cwd });
    expect(stdout).toBe(`${realpathSync(join(cwd, "sub"))}\n`);
  });
});

describe("threads", () => {
  const script = show("OMP_NUM_THREADS", "UV_THREADPOOL_SIZE");
  const unset = { OMP_NUM_THREADS: undefined, UV_THREADPOOL_SIZE: undefined };

  it("are each rank's share of the CPUs", async () => {
    const { stdout } = await runScript(script, ["-n", String(2 * availableParallelism())], { env: unset });
    expect(new Set(stdout.trimEnd().split("\n"))).toEqual(new Set(["1 2"]));
  });

  it("are the user's choice where there is one", async () => {
    const { stdout } = await runScript(script, ["-n", "1", "--env", "UV_THREADPOOL_SIZE=9"], {
      env: { ...unset, OMP_NUM_THREADS: "7" },
    });
    expect(stdout).toBe("7 9\n");
  });
});

describe("jobs beside and inside each other", () => {
  it("have different names", async () => {
    const results = await Promise.all([1, 2].map(() => runScript(show("TSMPI_JOB"), ["-n", "1"])));
    expect(results[0]!.stdout).not.toBe(results[1]!.stdout);
  });

  it("keep their ranks apart when a rank runs tsmpi itself", async () => {
    const cwd = folder({
      "inner.mjs": show("TSMPI_RANK", "TSMPI_SIZE"),
      "outer.mjs": `import { execFileSync } from "node:child_process";
        const line = execFileSync(process.execPath, [process.argv[2], "run", "-n", "2", "inner.mjs"], { stdio: ["ignore", "pipe", "ignore"] });
        console.log("outer", process.env.TSMPI_RANK, String(line).trimEnd().split("\\n").sort().join(" | "));`,
    });
    const { code, stdout } = await shell(
      `tsmpi run -n 3 outer.mjs ${new URL("../../packages/launcher/bin/tsmpi.js", import.meta.url).pathname}`,
      { cwd },
    ).result;
    expect(code).toBe(0);
    expect(stdout.trimEnd().split("\n").sort()).toEqual([0, 1, 2].map((rank) => `outer ${rank} 0 2 | 1 2`));
  });
});
