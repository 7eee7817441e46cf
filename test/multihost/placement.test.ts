import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Hosts, makeHosts, multihost } from "../support/multihost.ts";
import { PbsJob } from "../support/pbs-job.ts";

const where = `sh -c 'echo "$TSMPI_RANK $TSMPI_PROGRAM $(hostname)"'`;

describe.runIf(multihost.possible)("who runs where on two hosts with two slots each", () => {
  let hosts: Hosts;
  let job: PbsJob;
  beforeAll(async () => {
    hosts = await makeHosts(["a", "b"]);
    job = new PbsJob(hosts, ["a", "a", "b", "b"], "openpbs");
  });
  afterAll(() => {
    job?.end();
    hosts?.remove();
  });
  const lines = async (script: string): Promise<string[]> => {
    const { code, stdout, stderr } = await job.script(script).result;
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    return stdout.trim().split("\n").toSorted();
  };

  test.each([
    ["", ["0 0 a", "1 0 a", "2 0 b", "3 0 b"]],
    ["--map-by host", ["0 0 a", "1 0 b", "2 0 a", "3 0 b"]],
    ["-ppn 1", ["0 0 a", "1 0 b"]],
    ["--ranks-per-host 2 -n 3 --map-by host", ["0 0 a", "1 0 b", "2 0 a"]],
  ])("tsmpi exec %s", async (options, expected) => {
    expect(await lines(`tsmpi exec ${options} ${where}`)).toEqual(expected);
  });

  test("several programs fill the hosts in order, and each rank gets its own", async () => {
    const found = await lines(`tsmpi exec --tag-output=host -n 1 ${where} : -n 2 --env X=2 sh -c 'echo $X'`);
    expect(found).toEqual(["[0 a] 0 0 a", "[1 a] 2", "[2 b] 2"]);
  });

  test("a rank file places and binds ranks", async () => {
    writeFileSync(join(hosts.directory, "ranks"), "rank 0=b slot=0\nrank 1=+n0\n");
    const run = `tsmpi exec --rankfile ${hosts.directory}/ranks --display-map ${where}`;
    const { stdout, stderr } = await job.script(run).result;
    expect(stdout.trim().split("\n").toSorted()).toEqual(["0 0 b", "1 0 a"]);
    expect(stderr).toMatch(/^rank +host +CPUs\n0 +b +0\n1 +a +any of \S+$/m);
  });

  test("each host gives its own GPUs to its ranks", async () => {
    const run = `tsmpi exec -n 3 --gpus-per-rank 1 --display-map sh -c 'echo $TSMPI_RANK $CUDA_VISIBLE_DEVICES'`;
    const { stdout, stderr } = await job.script(run).result;
    expect(stdout.trim().split("\n").toSorted()).toEqual(["0 GPU-a", "1 GPU-a", "2 GPU-b"]);
    expect(stderr).toContain("tsmpi: a: 2 ranks with 1 GPU each on 1 GPU: ranks share GPUs in turn\n");
    expect(stderr).not.toContain("tsmpi: b:");
  });

  test("the standard input goes to ranks on any host", async () => {
    const read = "sh -c 'echo $TSMPI_RANK $(cat)'";
    expect(await lines(`echo x | tsmpi exec --stdin 3 ${read}`)).toEqual(["0", "1", "2", "3 x"]);
    expect(await lines(`echo x | tsmpi exec --stdin all ${read}`)).toEqual(["0 x", "1 x", "2 x", "3 x"]);
  });
});
