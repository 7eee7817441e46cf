import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Hosts, makeHosts, multihost } from "../support/multihost.ts";
import { PbsJob } from "../support/pbs-job.ts";

describe.runIf(multihost.possible)("tsmpi doctor on two hosts", () => {
  let hosts: Hosts;
  let job: PbsJob;

  beforeAll(async () => {
    hosts = await makeHosts(["a", "b"], { sharesHome: false });
    job = new PbsJob(hosts, ["a", "b", "a"], "openpbs");
  });
  afterAll(() => {
    job?.end();
    hosts?.remove();
  });

  test("finds that they reach each other and share the directory", async () => {
    const { code, stdout } = await job.script("tsmpi doctor").result;
    expect(code, stdout).toBe(0);
    expect(stdout).toMatch(/^a +2 .* shared .* first +1 of 1, [\d.]+ ms +\//m);
    expect(stdout).toMatch(/^b +1 .* shared .* [+-]\d+ ms +1 of 1, [\d.]+ ms +\//m);
  });

  test("finds a directory that is not the same everywhere", async () => {
    const { code, stdout } = await job.script("cd home; tsmpi doctor").result;
    expect(code).toBe(1);
    expect(stdout).toContain(`wrong: b: ${hosts.directory}/home is not the launcher's`);
  });

  test("finds one that is missing", async () => {
    const { code, stdout } = await job.script("mkdir home/x; cd home/x; tsmpi doctor").result;
    expect(code).toBe(1);
    expect(stdout).toContain(`wrong: b: there is no directory ${hosts.directory}/home/x (--wdir)\n`);
  });
});
