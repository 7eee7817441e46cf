import { chmodSync, readdirSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { rootCertificates } from "node:tls";
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
    expect(stdout).toContain("Several hosts need one of these:\n");
    for (const name of ["PBS", "Slurm", "LSF", "SGE", "ssh"]) expect(stdout).toMatch(new RegExp(`^ {2}${name}: `, "m"));
    expect(stdout).toMatch(/\nAll is well\.\n$/);
    expect(readdirSync(cwd)).toEqual([]);
  });

  it("ends with 1 and the reason when something is wrong", async () => {
    const temporary = join(folder(), "gone");
    const { code, stdout } = await runTsmpi(["doctor", "--env", `TMPDIR=${temporary}`]);
    expect(code).toBe(1);
    expect(stdout).toContain(`wrong: ${hostname()}: TMPDIR ${temporary} cannot be written to\nSomething is wrong.\n`);
  });

  it("says what the certificates of NODE_EXTRA_CA_CERTS cost where Node reads them before it starts", async () => {
    const many = join(folder({ "many.pem": Array(5).fill(rootCertificates.join("\n")).join("\n") }), "many.pem");
    const env = { NODE_EXTRA_CA_CERTS: many };
    const { stdout } = await runTsmpi(["doctor"], { env });
    expect(/each rank starts \d+ ms later because NODE_EXTRA_CA_CERTS/.test(stdout)).toBe(
      Number.parseInt(process.versions.node, 10) < 22,
    );
    const { stdout: saved } = await runTsmpi(["doctor", "--env", "NODE_EXTRA_CA_CERTS="], { env });
    expect(saved).not.toContain("NODE_EXTRA_CA_CERTS");
  });

  it("takes a job that cannot start for a finding, and a senseless command line not", async () => {
    const ssh = "#!/bin/sh\necho 'ssh: Could not resolve hostname far: Name or service not known' >&2\nexit 255\n";
    const PATH = `${folder({ ssh })}:${process.env["PATH"]}`;
    chmodSync(join(PATH.split(":")[0]!, "ssh"), 0o755);
    const far = await runTsmpi(["doctor", "--hosts", "far:2"], { env: { PATH } });
    expect(far.code).toBe(1);
    expect(far.stdout).toMatch(/^wrong: far: no host of that name is known: .*; try: ssh far true$/m);
    expect((await runTsmpi(["doctor", "--hosts", "a:0"])).code).toBe(2);
    expect((await runTsmpi(["doctor", "--starter", "x"])).code).toBe(2);
  });
});
