import { hostname } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parseNodeFile } from "../../packages/launcher/src/allocations/pbs.ts";
import { parseWalltime } from "../../packages/launcher/src/walltime.ts";
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

  it("is refused outside a job, with what to do", async () => {
    const env = { PBS_JOBID: undefined, PBS_NODEFILE: undefined };
    const { code, stderr } = await runTsmpi(["exec", "-f", "mine", "true"], { env });
    expect(code).toBe(125);
    expect(stderr).toMatch(/^tsmpi: --hostfile \S+mine: hosts cannot be started outside a PBS job yet; [^\n]+\n$/);
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
    ["far:2", 125, "nothing here can start processes on far"],
  ])("%s is refused", async (value, code, words) => {
    const result = await runTsmpi(["exec", "--hosts", value, "true"]);
    expect(result.code).toBe(code);
    expect(result.stderr).toContain(words);
  });
});

describe("the walltime that qstat tells", () => {
  const now = Date.parse("Sun Nov 22 20:00:00 2026");
  it.each([
    ["OpenPBS", "    Resource_List.walltime = 01:00:00\n    stime = Sun Nov 22 19:50:00 2026\n", 3600, 3000],
    ["TORQUE", "    Resource_List.walltime = 02:00:00\n    start_time = x\n    Walltime.Remaining = 42\n", 7200, 42],
  ])("by %s is understood", (_, text, total, left) => {
    expect(parseWalltime(text, now)).toEqual({ totalMs: total * 1000, leftMs: left * 1000 });
  });

  it("is unknown for a job without limit", () => {
    expect(parseWalltime("    stime = Sun Nov 22 19:50:00 2026\n", now)).toBeUndefined();
    expect(parseWalltime("    Resource_List.walltime = 01:00:00\n", now)).toBeUndefined();
  });
});
