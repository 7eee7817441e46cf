import { execFile, spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, symlinkSync } from "node:fs";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { local } from "tsmpi/testing";
import { describe, expect, it } from "vitest";
import { forgetOverrides, isOverridden } from "../../packages/core/src/collectives/algorithms/choose.ts";
import { variables } from "../../packages/launcher/src/command/variables.ts";
import { methodsOf } from "../support/methods-of.ts";
import { command, folder, runTsmpi } from "../support/run-tsmpi.ts";

const files = { "ok.mjs": "console.log('ran', ...process.argv.slice(2))", "data.txt": "no script", "sub/x.txt": "" };

describe("a command line that makes no sense gets one sentence and exit code 2", () => {
  it.each([
    ["-n 0", ["run", "-n", "0", "ok.mjs"], "-n 0: at least 1"],
    ["-n -1", ["run", "-n", "-1", "ok.mjs"], "-n -1: at least 1"],
    ["-n x", ["run", "-n", "x", "ok.mjs"], "-n x: a whole number"],
    ["-n 1.5", ["run", "-n", "1.5", "ok.mjs"], "-n 1.5: a whole number"],
    ["-n with nothing", ["run", "-n", "", "ok.mjs"], "a whole number"],
    ["-n 100000", ["run", "-n", "100000", "ok.mjs"], "at most 4096"],
    ["no script", ["run"], "which script?"],
    ["a script that is not there", ["run", "nothing.ts"], "nothing.ts"],
    ["a folder as a script", ["run", "sub"], "sub"],
    ["a file that is no script", ["run", "data.txt"], "data.txt"],
    ["an unknown option", ["run", "--tag-outputs", "ok.mjs"], "did you mean --tag-output?"],
    ["an option of run without run", ["-n", "4", "ok.mjs"], "tsmpi run -n"],
    ["an unknown command", ["rum", "ok.mjs"], "did you mean run?"],
    ["a script without its command", ["hello.ts"], "did you mean tsmpi run hello.ts?"],
    ["an option without its command", ["-np", "2", "hello.ts"], "did you mean tsmpi run -n ...?"],
    ["a host without slots", ["run", "--hosts", "node1:0", "ok.mjs"], "--hosts node1: slots 0: at least 1 is needed"],
    ["--env without a name", ["run", "--env", "=x", "ok.mjs"], "--env =x: a name is missing"],
    ["--env with nothing", ["run", "--env", "", "ok.mjs"], "a name is missing"],
    ["--wdir that does not exist", ["run", "--wdir", "nowhere", "ok.mjs"], "--wdir nowhere: no such file or directory"],
    ["--wdir that is a file", ["run", "--wdir", "ok.mjs", "ok.mjs"], "--wdir ok.mjs: not a directory"],
    ["--output-dir that is a file", ["run", "--output-dir", "ok.mjs", "ok.mjs"], "--output-dir"],
    ["--timeout -1", ["run", "--timeout", "-1", "ok.mjs"], "--timeout -1: a number of seconds"],
    ["--timeout soon", ["run", "--timeout", "soon", "ok.mjs"], "--timeout soon: a number of seconds"],
    ["an option of another MPI that tsmpi has not", ["run", "-rank-by", "node", "ok.mjs"], "-rank-by node: ranks are"],
    ["--map-by core", ["run", "--map-by", "core", "ok.mjs"], "--map-by core: slot, host, numa or socket is needed"],
    ["--bind-to hwthread", ["run", "--bind-to", "hwthread", "ok.mjs"], "none, core, share, numa or socket is needed"],
    ["--tag-output=pid", ["run", "--tag-output=pid", "ok.mjs"], "--tag-output pid: rank or host is needed"],
    ["--output-ranks 1-", ["run", "--output-ranks", "1-", "ok.mjs"], "numbers of ranks are needed, as in 0,3-5"],
    [
      "an output rank that is not there",
      ["run", "-n1", "--output-ranks", "0,7", "ok.mjs"],
      "--output-ranks 7: there is",
    ],
    ["--stdin some", ["run", "--stdin", "some", "ok.mjs"], "--stdin some: all or none is needed"],
    [
      "an input rank that is not there",
      ["run", "-n", "1", "--stdin", "1", "ok.mjs"],
      "--stdin 1: there is no such rank",
    ],
    [
      "a whole job's option in a later program",
      ["run", "-n1", "ok.mjs", ":", "--pty", "ok.mjs"],
      "--pty after a lone :",
    ],
    ["a file of hosts and hosts", ["run", "-f", "x", "-H", "a", "ok.mjs"], "--hosts and --hostfile: say one of them"],
  ])("%s", async (_name, args, part) => {
    const { code, stdout, stderr } = await runTsmpi(args, { cwd: folder(files) });
    expect(stderr).toContain(part);
    expect(stderr).toMatch(/^tsmpi: [^\n]+\n$/);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
  });
});

describe("the number of ranks", () => {
  const options = [["-n", "3"], ["-n3"], ["-np", "3"], ["-np3"], ["--np", "3"], ["--np=3"]];
  it.each(options.map((each) => [each.join(" "), each] as const))("may be written %s", async (_, option) => {
    const { code, stdout, stderr } = await runTsmpi(["run", "--env", "A=-np", ...option, "ok.mjs", "-np", "7"], {
      cwd: folder(files),
    });
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: "ran -np 7\n".repeat(3), stderr: "" });
  });

  it("may be written -np for exec too, whose program has its own -np", async () => {
    const { code, stdout } = await runTsmpi(["exec", "-np", "2", "echo", "-np", "7"]);
    expect({ code, stdout }).toEqual({ code: 0, stdout: "-np 7\n-np 7\n" });
  });

  it("may come with options of other MPIs", async () => {
    const options = [
      "--allow-run-as-root",
      "-oversubscribe",
      "-np",
      "2",
      "-x",
      "A=1",
      "-tag-output",
      "-H",
      "localhost:2",
    ];
    const { code, stdout, stderr } = await runTsmpi(["exec", ...options, "sh", "-c", "echo $A"]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout.split("\n").sort().join("\n")).toBe("\n[0] 1\n[1] 1");
  });

  it("is checked with -np too", async () => {
    const { code, stderr } = await runTsmpi(["run", "-np", "0", "ok.mjs"], { cwd: folder(files) });
    expect({ code, stderr }).toEqual({ code: 2, stderr: "tsmpi: -n 0: at least 1 is needed\n" });
  });
});

describe("a variable that is nearly one of tsmpi's", () => {
  const run = async (env: Record<string, string>, ...options: string[]): Promise<string> =>
    (await runTsmpi(["run", "-n", "1", ...options, "ok.mjs"], { cwd: folder(files), env })).stderr;

  it("is named with the one that may be meant, wherever it was set", async () => {
    const meant = "tsmpi: TSMPI_TRANSPROT is not a variable of tsmpi (did you mean TSMPI_TRANSPORT?)\n";
    expect(await run({ TSMPI_TRANSPROT: "zeromq" })).toBe(meant);
    expect(await run({}, "--env", "TSMPI_TRANSPROT=zeromq")).toBe(meant);
    expect(await run({ TSMPI_ALREDUCE: "ring" })).toContain("did you mean TSMPI_ALLREDUCE?");
  });

  it("is no other one that begins like tsmpi's, and none that a rank has", async () => {
    expect(await run({ TSMPI_ROOT: "/opt/tsmpi", TSMPI_HOME: "/opt/tsmpi", TSMPI_REDUCE_SCATTER: "pairwise" })).toBe(
      "",
    );
    const nested = `
      import { spawnSync } from "node:child_process";
      const { stderr } = spawnSync(process.execPath, [process.argv[2], "run", "-n", "1", "../ok.mjs"], { cwd: "sub" });
      console.log(String(stderr));`;
    const { stdout } = await runTsmpi(["run", "-n", "1", "--progress", "nested.mjs", command], {
      cwd: folder({ ...files, "nested.mjs": nested }),
    });
    expect(stdout).not.toContain("is not a variable");
  });

  it("is known for each operation whose algorithm can be chosen", async () => {
    const [methods] = await local(1, methodsOf);
    const names = new Set(methods);
    const chosen = [...names].filter((name) => {
      const variable = `TSMPI_${name.replace(/[A-Z]/g, "_$&").toUpperCase()}`;
      const before = process.env[variable];
      process.env[variable] = "no algorithm";
      try {
        forgetOverrides();
        isOverridden(name);
        return false;
      } catch {
        expect([...variables]).toContain(variable);
        return true;
      } finally {
        if (before === undefined) delete process.env[variable];
        else process.env[variable] = before;
        forgetOverrides();
      }
    });
    expect(chosen).toContain("allreduce");
  });
});

describe("what the command tells about itself", () => {
  it("shows examples first when asked for help", async () => {
    for (const args of [["--help"], ["run", "--help"]]) {
      const { code, stdout, stderr } = await runTsmpi(args);
      expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
      expect(stdout).toMatch(/^Examples:\n {2}tsmpi run -n 8 script\.ts/);
    }
  });

  it("shows the help as an error when it is asked nothing", async () => {
    const { code, stdout, stderr } = await runTsmpi([]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toContain("tsmpi run -n 8 script.ts");
  });

  it("tells its version", async () => {
    expect(await runTsmpi(["--version"])).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/),
    });
  });

  it("shows hosts, slots, where they came from and ranks with --display-map, and runs", async () => {
    const { code, stdout, stderr } = await runTsmpi(["run", "-n", "3", "--display-map", "ok.mjs"], {
      cwd: folder(files),
    });
    expect({ code, stdout }).toEqual({ code: 0, stdout: "ran\nran\nran\n" });
    expect(stderr).toMatch(/^3 ranks(, | on )\d+ slots? from the CPU/);
    expect(stderr).toMatch(/node +host +slots +ranks\n0 +\S+ +\d+ +0-2\n/);
  });

  it("shows the commands and starts nothing with --dry-run", async () => {
    const cwd = folder(files);
    const args = ["run", "-n", "3", "--dry-run", "--output-dir", "out", "ok.mjs", "a b"];
    const { code, stdout, stderr } = await runTsmpi(args, { cwd });
    expect({ code, stdout }).toEqual({ code: 0, stdout: "" });
    expect(stderr).toMatch(/3 x \S+node.*ok\.mjs 'a b'\n/);
  });

  it("tells what happens, with times, with --verbose", async () => {
    const { stdout, stderr } = await runTsmpi(["run", "-n", "2", "--verbose", "ok.mjs"], { cwd: folder(files) });
    expect(stdout).toBe("ran\nran\n");
    expect(stderr).toMatch(/tsmpi: \[\d+\.\d{3}\] rank 1 started on \S+ \(pid \d+\)\n/);
  });

  it("says with --verbose when the ranks of a host cannot share memory, and why", async () => {
    const cwd = folder({ "world.mjs": 'import { init } from "tsmpi"; await init();' });
    const verbose = async (...options: string[]): Promise<string> =>
      (await runTsmpi(["run", "--verbose", ...options, "world.mjs"], { cwd })).stderr;
    expect(await verbose("-n", "2", "--env", "TSMPI_TRANSPORT=zeromq")).toMatch(
      /ranks on \S+ talk over ZeroMQ, not shared memory: TSMPI_TRANSPORT is zeromq\n/,
    );
    expect(await verbose("-n", "2")).not.toContain("ZeroMQ");
    expect(await verbose("-n", "1", "--env", "TSMPI_TRANSPORT=zeromq")).not.toContain("ZeroMQ");
  });

  it("names the directory that keeps ranks from sharing memory", async () => {
    const cwd = folder({ "world.mjs": 'import { init } from "tsmpi"; await init();' });
    const { stderr } = await runTsmpi(["run", "-n", "2", "--verbose", "world.mjs"], {
      cwd,
      env: { TSMPI_TMPDIR: cwd },
    });
    expect(stderr).toMatch(/not shared memory: the job's directory \S+ is not in \/dev\/shm \(tsmpi doctor/);
  });

  it("says in the map that there are more ranks than slots, which is no reason not to run", async () => {
    const { stderr } = await runTsmpi(["run", "-n", "1000", "--dry-run", "ok.mjs"], { cwd: folder(files) });
    expect(stderr).toMatch(/^1000 ranks on \d+ slots? from .*: ranks share slots\n/);
  });
});

describe("a copy of the command", () => {
  const copy = (): string => {
    const modules = folder();
    mkdirSync(join(modules, ".bin"));
    copyFileSync(command, join(modules, ".bin/tsmpi"));
    return modules;
  };

  it("runs beside its package, as cp -rL leaves it in node_modules/.bin", async () => {
    const modules = copy();
    symlinkSync(dirname(dirname(command)), join(modules, "tsmpi"));
    const { stdout } = await promisify(execFile)(process.execPath, [join(modules, ".bin/tsmpi"), "--version"]);
    expect(stdout).toMatch(/^\d+\.\d+/);
  });

  it("elsewhere says what it needs", () => {
    const modules = copy();
    const { stderr } = spawnSync(process.execPath, [join(modules, ".bin/tsmpi"), "--version"], { encoding: "utf8" });
    expect(stderr).toMatch(/^tsmpi: \S+ is not beside the dist of its package: .*link to bin\/tsmpi\.js[^\n]*\n$/);
  });
});

describe("the script's own words", () => {
  it("hands everything after the script to the script, options too", async () => {
    const { stdout } = await runTsmpi(["run", "-n", "1", "ok.mjs", "-n", "7", "--tag-output", "--", "x"], {
      cwd: folder(files),
    });
    expect(stdout).toBe("ran -n 7 --tag-output -- x\n");
  });

  it("takes a script after --", async () => {
    const { stdout } = await runTsmpi(["run", "-n", "1", "--", "ok.mjs", "--help"], { cwd: folder(files) });
    expect(stdout).toBe("ran --help\n");
  });
});
