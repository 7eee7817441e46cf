import { readdirSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { folder, runTsmpi } from "../support/run-tsmpi.ts";

describe("tsmpi doctor", () => {
  it("outside a job looks at this machine, and says what several hosts would need", async () => {
    const cwd = folder();
    const env = { PBS_JOBID: undefined, PBS_NODEFILE: undefined };
    const { code, stdout, stderr } = await runTsmpi(["doctor"], { cwd, env });
    expect({ code, stderr }, stdout).toEqual({ code: 0, stderr: "" });
    const row = stdout.split("\n").find((line) => line.startsWith(`${hostname()} `));
    expect(row).toContain(process.version);
    expect(row).toContain(process.execPath);
    expect(row).toContain("shared");
    expect(stdout).toContain("Several hosts need a PBS job");
    expect(stdout).toMatch(/\nAll is well\.\n$/);
    expect(readdirSync(cwd)).toEqual([]);
  });

  it("ends with 1 and the reason when something is wrong", async () => {
    const temporary = join(folder(), "gone");
    const { code, stdout } = await runTsmpi(["doctor", "--env", `TMPDIR=${temporary}`]);
    expect(code).toBe(1);
    expect(stdout).toContain(`wrong: ${hostname()}: TMPDIR ${temporary} cannot be written to\nSomething is wrong.\n`);
  });

  it("takes a job that cannot start for a finding, and a senseless command line not", async () => {
    const far = await runTsmpi(["doctor", "--hosts", "far:2"]);
    expect(far.code).toBe(1);
    expect(far.stdout).toContain("wrong: nothing here can start processes on far");
    expect((await runTsmpi(["doctor", "--hosts", "a:0"])).code).toBe(2);
    expect((await runTsmpi(["doctor", "--starter", "x"])).code).toBe(2);
  });
});
