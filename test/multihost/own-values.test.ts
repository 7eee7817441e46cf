import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Hosts, makeHosts, multihost } from "../support/multihost.ts";
import { PbsJob } from "../support/pbs-job.ts";

const threads = `sh -c 'echo "$TSMPI_RANK: $NCPUS CPUs, $OMP_NUM_THREADS and $UV_THREADPOOL_SIZE threads, $CUDA_VISIBLE_DEVICES"' | sort`;

describe.runIf(multihost.possible)("what PBS gives each host anew", () => {
  let hosts: Hosts;
  let job: PbsJob;
  beforeAll(async () => {
    hosts = await makeHosts(["a", "b"]);
    job = new PbsJob(hosts, ["a", "b"], "openpbs", [4, 1]);
  });
  afterAll(() => {
    job?.end();
    hosts?.remove();
  });

  test("is that host's", async () => {
    expect(await job.script(`tsmpi exec ${threads}`).result).toMatchObject({
      stdout: "0: 4 CPUs, 4 and 4 threads, GPU-a\n1: 1 CPUs, 1 and 2 threads, GPU-b\n",
      stderr: "",
    });
  });

  test("is shared out among the ranks of a line", async () => {
    const { stdout } = await job.script(`tsmpi exec -n 4 ${threads}`).result;
    expect(stdout.match(/\d+ and/g)).toEqual(["2 and", "1 and", "2 and", "1 and"]);
  });

  test.each([
    ["the script has set it", "export OMP_NUM_THREADS=3 CUDA_VISIBLE_DEVICES=1; tsmpi exec"],
    ["--env says so", "tsmpi exec --env OMP_NUM_THREADS=3 --env CUDA_VISIBLE_DEVICES=1"],
  ])("is the user's on all hosts when %s", async (_, run) => {
    const { stdout } = await job.script(`${run} ${threads}`).result;
    expect(stdout).toMatch(/^0: 4 CPUs, 3 and 4 threads, 1\n1: 1 CPUs, 3 and 2 threads, 1\n$/);
  });

  test("is not a TMPDIR of the user's that has the job's name in it", async () => {
    const own = `${hosts.directory}/scratch/pbs.${job.id}`;
    const { stdout } = await job.script(`export TMPDIR=${own}; mkdir -p $TMPDIR; tsmpi exec sh -c 'echo $TMPDIR'`)
      .result;
    expect(stdout).toBe(`${own}\n${own}\n`);
  });
});

describe.runIf(multihost.possible)("a chunk with several slots", () => {
  test("has its CPUs once, as the server says: ncpus=8:mpiprocs=2", async () => {
    const hosts = await makeHosts(["a", "b"]);
    const job = new PbsJob(hosts, ["a", "a", "b"], "openpbs", [8, 8, 2]);
    try {
      job.tells({ exec_host: "a/0*8+b/0*2", "Resource_List.select": "1:ncpus=8:mpiprocs=2+1:ncpus=2" });
      const { stdout } = await job.script(`tsmpi exec ${threads}`).result;
      expect(stdout.match(/\d+ and/g)).toEqual(["4 and", "4 and", "2 and"]);
      const half = await job.script(`tail -2 $PBS_NODEFILE > half; PBS_NODEFILE=half tsmpi exec ${threads}`).result;
      expect(half.stdout.match(/\d+ and/g)).toEqual(["4 and", "2 and"]);
    } finally {
      job.end();
      hosts.remove();
    }
  });
});

describe.runIf(multihost.possible)("one chunk with 8 CPUs", () => {
  let hosts: Hosts;
  let job: PbsJob;
  beforeAll(async () => {
    hosts = await makeHosts(["a", "b"]);
    job = new PbsJob(hosts, ["a"], "openpbs", [8]);
    job.tells({ exec_host: "a/0*8", "Resource_List.select": "1:ncpus=8" });
  });
  afterAll(() => {
    job?.end();
    hosts?.remove();
  });

  test("has room for 8 ranks, and no more", async () => {
    expect(
      await job.script("tsmpi exec -n 8 sh -c 'echo $OMP_NUM_THREADS' | sort | uniq -c | tr -s ' '").result,
    ).toEqual({
      ...{ stdout: " 8 1\n", stderr: "" },
      ...{ code: 0, signal: null },
    });
    expect((await job.script("tsmpi exec -n 9 true").result).stderr).toContain("9 ranks on 1 slot");
    expect((await job.script("tsmpi exec -n 8 --dry-run true").result).stderr).toMatch(/^8 ranks, 1 slot from/m);
  });

  test("is not left to one rank in silence", async () => {
    const script = `echo 'console.log("ran")' > x.mjs; tsmpi run`;
    expect(await job.script(`${script} x.mjs`).result).toMatchObject({
      stdout: "ran\n",
      stderr:
        "tsmpi: 1 rank started, because the job has one slot, although its chunk has 8 CPUs: write tsmpi run -n 8, or mpiprocs=8 in the select line, for a rank on each CPU, or ompthreads=8 if the CPUs are for threads\n",
    });
    expect((await job.script(`${script} -n 1 x.mjs`).result).stderr).toBe("");
    expect((await job.script(`export OMP_NUM_THREADS=2; ${script} x.mjs`).result).stderr).toBe("");
    job.tells({ exec_host: "a/0*8", "Resource_List.select": "1:ncpus=8:ompthreads=8" });
    expect((await job.script(`${script} x.mjs`).result).stderr).toBe("");
  });

  test("starts nothing once for each task of pbsdsh", async () => {
    const command = new URL("../../packages/launcher/bin/tsmpi.js", import.meta.url).pathname;
    const { stdout } = await job.script(`pbsdsh -n 0 -- ${process.execPath} ${command} run x.mjs 1`).result;
    expect(stdout).toContain("exit status 2");
    expect(job.printed).toBe(
      "tsmpi: pbsdsh started this command, once for each slot, and each would run the whole job: write tsmpi run x.mjs 1 in the job script, without pbsdsh\n",
    );
  });
});
