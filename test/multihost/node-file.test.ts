import { writeFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Hosts, makeHosts, multihost } from "../support/multihost.ts";
import { PbsJob } from "../support/pbs-job.ts";
import { command } from "../support/run-tsmpi.ts";

const lines = ["a", "b", "a", "c", "b"];
const where = "tsmpi exec --tag-output hostname | sort";
const ranksOn = (hosts: readonly string[]): string => hosts.map((host, rank) => `[${rank}] ${host}\n`).join("");

describe.runIf(multihost.possible)("a node file that the user has edited", () => {
  let hosts: Hosts;
  let job: PbsJob;
  beforeAll(async () => {
    hosts = await makeHosts(["a", "b", "c"]);
    job = new PbsJob(hosts, lines, "openpbs");
  });
  afterAll(() => {
    job?.end();
    hosts?.remove();
  });

  test.each([
    ["its end", "tail -2 $PBS_NODEFILE", ["c", "b"]],
    ["its reverse", "sort -r $PBS_NODEFILE", ["c", "b", "b", "a", "a"]],
    ["each host once", "sort -u $PBS_NODEFILE", ["a", "b", "c"]],
    ["a host more often than PBS has it", "echo; echo c; echo c; echo; echo c", ["c", "c", "c"]],
  ])("decides which rank runs where: %s", async (_, edit, expected) => {
    const { stdout, stderr, code } = await job.script(`(${edit}) > mine; PBS_NODEFILE=mine ${where}`).result;
    expect({ stdout, stderr, code }).toEqual({ stdout: ranksOn(expected), stderr: "", code: 0 });
  });

  test("may be one of two halves that run at once", async () => {
    const text = `head -2 $PBS_NODEFILE > one; tail -3 $PBS_NODEFILE > two
      PBS_NODEFILE=one tsmpi exec sh -c 'sleep 1; hostname' > out1 & PBS_NODEFILE=two tsmpi exec sh -c 'sleep 1; hostname' > out2
      wait; sort out1; echo; sort out2`;
    expect(await job.script(text).result).toMatchObject({ stdout: "a\nb\n\na\nb\nc\n", stderr: "" });
  });

  test.each([
    ["a comment", "c\n# d\n", 2, "# d"],
    ["slots of another launcher's", "\nc slots=4\n", 2, "c slots=4"],
    ["a number of slots", "c:4\n", 1, "c:4"],
    ["a host that is not the job's", "a\nb\nfar\n", 3, "far"],
  ])("with %s is refused", async (_, text, line, words) => {
    writeFileSync(`${hosts.directory}/mine`, text);
    const { stderr, code } = await job.script("PBS_NODEFILE=mine tsmpi exec hostname").result;
    expect({ stderr, code }).toEqual({
      stderr: `tsmpi: PBS_NODEFILE mine, line ${line}: "${words}" is no host of this job; each line has to be one of a, b, c, and nothing else\n`,
      code: 125,
    });
  });

  test("is what ranks see, wherever they start", async () => {
    const run = "tail -2 $PBS_NODEFILE > mine; PBS_NODEFILE=mine tsmpi exec --wdir / sh -c 'paste -sd, $PBS_NODEFILE'";
    expect((await job.script(run).result).stdout).toBe("c,b\nc,b\n");
  });

  test("does not matter to --hosts", async () => {
    const run = `echo a > mine; PBS_NODEFILE=mine tsmpi exec --hosts c:2,b:1 --tag-output hostname | sort`;
    expect(await job.script(run).result).toMatchObject({ stdout: ranksOn(["c", "c", "b"]), stderr: "" });
  });

  test("is known by what the server says, where PBS's own cannot be read", async () => {
    job.tells({ exec_host: "a/0+b/0+a/1\n\t+c/0+b/1", "Resource_List.select": "5:ncpus=1" });
    // A process whose parent in the job is gone: nothing but the server knows what PBS gave.
    const text = `export PBS_HOME=/nowhere; tail -2 $PBS_NODEFILE > mine; export PBS_NODEFILE=mine; touch out
      ((sleep 0.5; exec "${process.execPath}" ${command} exec hostname > out 2>&1) &)
      until [ $(wc -l < out) -ge 2 ]; do sleep 0.1; done; sort out`;
    expect((await job.script(text).result).stdout).toBe("b\nc\n");
  });

  test("is what tsmpi doctor has a note about", async () => {
    const { stdout } = await job.script("echo a > mine; PBS_NODEFILE=mine tsmpi doctor").result;
    expect(stdout).toContain(
      "note: PBS_NODEFILE mine is not what PBS wrote; hosts of the job that are not used: b, c\n",
    );
    const { stdout: plain } = await job.script("cp $PBS_NODEFILE copy; PBS_NODEFILE=copy tsmpi doctor").result;
    expect(plain).not.toContain("note: PBS_NODEFILE");
  });
});

describe.runIf(multihost.possible)("an agent on another host than its own", () => {
  test("is told with both names, and runs nothing", async () => {
    const hosts = await makeHosts(["a", "b", "c"]);
    const job = new PbsJob(hosts, ["a", "b", "c"], "openpbs");
    try {
      writeFileSync(job.nodeFile, "a\nc\nb\n"); // which is not what its pbsdsh counts
      const { stdout, stderr, code } = await job.script("tsmpi exec hostname").result;
      expect({ stdout, code }).toEqual({ stdout: "", code: 125 });
      expect(stderr).toContain("its agent was started on b, not on c");
    } finally {
      job.end();
      hosts.remove();
    }
  });
});
