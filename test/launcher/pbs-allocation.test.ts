import { chmodSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parseNodeFile } from "../../packages/launcher/src/hosts/pbs/node-file.ts";
import { parseWalltime } from "../../packages/launcher/src/hosts/pbs/walltime.ts";
import { remainingMs } from "../../packages/launcher/src/hosts/walltime.ts";
import { folder, runTsmpi } from "../support/run-tsmpi.ts";

const inJob = (PBS_NODEFILE: string | undefined): Record<string, string | undefined> => ({
  PBS_JOBID: "17.head",
  PBS_NODEFILE,
});

describe("the node file", () => {
  it("is a slot for each line, whatever ends the lines", () => {
    expect(parseNodeFile("a\nb\r\na\n\n  \n c.example\n")).toEqual(["a", "b", "a", "c.example"]);
  });

  it.each([
    ["missing", "/no/such/file", "PBS_NODEFILE is /no/such/file, which cannot be read: no such file or directory"],
    ["a directory", "/tmp", "PBS_NODEFILE is /tmp, which cannot be read: is a directory"],
    ["empty", "/dev/null", "PBS_NODEFILE is /dev/null, which names no host"],
    ["not named", undefined, "PBS_JOBID is 17.head, but PBS_NODEFILE is not set"],
  ])("is named in the error when it is %s", async (_, path, words) => {
    const { code, stderr } = await runTsmpi(["exec", "true"], { env: inJob(path) });
    expect(code).toBe(125);
    expect(stderr).toContain(`tsmpi: ${words}`);
  });

  it("gives the map, and --dry-run the command for each host", async () => {
    const bin = folder({ pbsdsh: "" });
    const nodes = join(folder({ nodes: `${hostname()}\nfar\n${hostname()}\nfar.example\n` }), "nodes");
    const env = { ...inJob(nodes), PATH: `${bin}:${process.env["PATH"]}` };
    await runTsmpi(["exec", "-n", "1", "chmod", "+x", join(bin, "pbsdsh")]);
    const { code, stderr } = await runTsmpi(["exec", "-n", "5", "--dry-run", "date"], { env });
    expect(code).toBe(0);
    expect(stderr).toContain(`5 ranks on 4 slots from PBS_NODEFILE ${nodes}: ranks share slots`);
    expect(stderr).toMatch(new RegExp(`^0 +${hostname()} +2 +0 2 4$`, "m"));
    expect(stderr).toMatch(/^1 +far +1 +1$/m);
    expect(stderr).toMatch(new RegExp(`^far: ${bin}/pbsdsh -n 1 -- .*agent-main.js job=<job> node=1 `, "m"));
    expect(stderr).toMatch(new RegExp(`^far.example: ${bin}/pbsdsh -n 3 -- `, "m"));
    expect(stderr).toContain(`${hostname()}: 3 x date`);
  });
});

describe("--hostfile", () => {
  it("is read in place of PBS_NODEFILE", async () => {
    const nodes = join(folder({ mine: `${hostname()}\n${hostname()}\n` }), "mine");
    for (const option of ["--hostfile", "-machinefile", "-f"]) {
      const { stdout, stderr } = await runTsmpi(["exec", option, nodes, "--display-map", "echo", "x"], {
        env: inJob("/no/such/file"),
      });
      expect(stdout, stderr).toBe("x\nx\n");
      expect(stderr).toContain(nodes);
    }
  });

  it("is named with the reason when it cannot be read", async () => {
    const { code, stderr } = await runTsmpi(["exec", "-f", "mine", "true"], { cwd: folder() });
    expect(code).toBe(125);
    expect(stderr).toMatch(/^tsmpi: --hostfile \S+mine cannot be read: no such file or directory\n$/);
  });

  it("may name hosts that are not the job's: a line says so, and ssh starts processes there", async () => {
    const nodes = join(folder({ mine: `${hostname()}\nfar slots=2\n` }), "mine");
    const own = join(folder({ own: `${hostname()}\n` }), "own");
    const { stderr } = await runTsmpi(["exec", "--hostfile", nodes, "--dry-run", "date"], { env: inJob(own) });
    expect(stderr).toContain("tsmpi: far is no host of the PBS job around tsmpi: ssh starts processes there\n");
    expect(stderr).toMatch(/^far: \S+\/ssh .* -- far 'exec \/bin\/sh' <<< /m);
  });
});

describe("--hosts", () => {
  it("names hosts and slots", async () => {
    const { stdout, stderr } = await runTsmpi(["exec", "--hosts", "localhost:3", "--display-map", "echo", "x"]);
    expect(stdout).toBe("x\nx\nx\n");
    expect(stderr).toMatch(/^3 ranks, 3 slots from --hosts$/m);
  });

  it.each([
    ["a:0", 2, "at least 1"],
    ["a:x", 2, "names with slots are needed"],
  ])("%s is refused", async (value, code, words) => {
    const result = await runTsmpi(["exec", "--hosts", value, "true"]);
    expect(result.code).toBe(code);
    expect(result.stderr).toContain(words);
  });
});

describe("the walltime that qstat tells", () => {
  const limit = "    Resource_List.walltime = 01:00:00\n    stime = Sun Nov 22 19:50:00 2026\n";
  it.each([
    ["by OpenPBS", `    resources_used.walltime = 00:10:10\n${limit}`, 600, 3600 - 610],
    ["by a host whose last report is old", `    resources_used.walltime = 00:08:00\n${limit}`, 600, 3000],
    ["before any host has reported", limit, 5, 3595],
    ["in a session that is older than the job", limit, 1e6, 3600],
    ["by TORQUE", `${limit}    start_time = x\n    Walltime.Remaining = 42\n`, 600, 42],
  ])("%s is understood, whatever its clock says", (_, text, ran, left) => {
    const walltime = parseWalltime(text)!;
    expect(walltime.totalMs).toBe(3_600_000);
    expect(remainingMs(walltime, ran * 1000)).toBe(left * 1000);
  });

  it("is unknown for a job without limit", () => {
    expect(
      parseWalltime("    stime = Sun Nov 22 19:50:00 2026\n    resources_used.walltime = 00:08:00\n"),
    ).toBeUndefined();
  });

  it("is missed with a reason when qstat fails, by the doctor too", async () => {
    const bin = folder({
      qstat: "#!/bin/sh\necho 'qstat: cannot connect to server head (errno=15010)' >&2\nexit 255\n",
    });
    chmodSync(join(bin, "qstat"), 0o755);
    const nodes = join(folder({ nodes: `${hostname()}\n` }), "nodes");
    const env = { ...inJob(nodes), PATH: `${bin}:${process.env["PATH"]}`, TSMPI_WALLTIME: undefined };
    const reason = `${bin}/qstat: qstat: cannot connect to server head (errno=15010)`;
    const { stderr } = await runTsmpi(["exec", "--verbose", "sleep", "4"], { env });
    expect(stderr).toContain(`the walltime is not known: ${reason}\n`);
    const { stdout, code } = await runTsmpi(["doctor"], { env });
    expect(stdout).toContain(
      `note: ${reason}; world.signal does not tell before the walltime is over, unless --walltime`,
    );
    expect(code).toBe(0);
    expect((await runTsmpi(["doctor", "--walltime", "01:00:00"], { env })).stdout).not.toContain("qstat");
  });
});

describe("the walltime that the user gives", () => {
  const save = `import { init } from "tsmpi";
    const world = await init();
    const wait = setInterval(() => {}, 1000);
    if (!world.signal.aborted) await new Promise((resolve) => world.signal.addEventListener("abort", resolve));
    clearInterval(wait);
    console.log(world.signal.reason.message);
    await world[Symbol.asyncDispose]();`;

  it.each([
    ["--walltime", ["--walltime", "00:00:03"], undefined],
    ["TSMPI_WALLTIME", [], "3"],
  ])("%s is told before it is over", async (_, options, TSMPI_WALLTIME) => {
    const { stdout } = await runTsmpi(["run", "-n", "1", ...options, "save.mjs"], {
      cwd: folder({ "save.mjs": save }),
      env: { TSMPI_WALLTIME },
    });
    expect(stdout).toMatch(/^this job ends in about \d s: its walltime is 3 s$/m);
  });

  it.each(["soon", "0", "1:2:3:4", "-5"])("is refused as %s", async (value) => {
    const { code, stderr } = await runTsmpi(["exec", `--walltime=${value}`, "true"]);
    expect({ code, stderr }).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/^tsmpi: --walltime .*as in 01:00:00/),
    });
    const { stderr: variable } = await runTsmpi(["exec", "true"], { env: { TSMPI_WALLTIME: value } });
    expect(variable).toMatch(/^tsmpi: TSMPI_WALLTIME .*as in 01:00:00/);
  });
});
