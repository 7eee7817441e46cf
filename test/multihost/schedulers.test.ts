import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { BatchJob } from "../support/batch-job.ts";
import { ListedJob } from "../support/listed-job.ts";
import { type Hosts, makeHosts, multihost } from "../support/multihost.ts";
import { PbsJob } from "../support/pbs-job.ts";
import { type Site, schedulerContract } from "../support/scheduler-contract.ts";
import { SlurmJob } from "../support/slurm-job.ts";
import { sshIsPossible } from "../support/ssh-hosts.ts";
import { full } from "../support/tier.ts";

/** A scheduler whose commands are stand-ins: its job on hosts that are network namespaces. */
interface StandIn {
  name: string;
  job(hosts: Hosts, slots: readonly string[]): BatchJob;
  ofHost: Site["ofHost"];
}

const gpu = (host: string): string => `GPU-${host}`;

const standIns: StandIn[] = [
  {
    name: "Slurm",
    job: (hosts, slots) => new SlurmJob(hosts, slots),
    ofHost: {
      SLURM_NODEID: (_, index) => String(index),
      SLURMD_NODENAME: (host) => host,
      CUDA_VISIBLE_DEVICES: gpu,
    },
  },
  ...(full
    ? [
        {
          name: "PBS",
          job: (hosts: Hosts, slots: readonly string[]) => new PbsJob(hosts, slots, "openpbs"),
          ofHost: { PBS_NODENUM: (_: string, index: number) => String(index), CUDA_VISIBLE_DEVICES: gpu },
        },
      ]
    : []),
  ...(full && sshIsPossible
    ? [
        {
          name: "SGE",
          job: (hosts: Hosts, slots: readonly string[]) => new ListedJob(hosts, slots, "SGE"),
          ofHost: { TMPDIR: (host: string) => `/dev/shm/17.${host}` },
        },
        {
          name: "LSF",
          job: (hosts: Hosts, slots: readonly string[]) => new ListedJob(hosts, slots, "LSF"),
          ofHost: { CUDA_VISIBLE_DEVICES: gpu },
        },
      ]
    : []),
];

multihost.each(standIns)("a job under $name", ({ job: makeJob, ofHost }) => {
  const slots = ["a", "a", "b", "c"];
  let hosts: Hosts;
  let job: BatchJob;
  let site: Site;

  beforeAll(async () => {
    hosts = await makeHosts(["a", "b", "c"]);
    job = makeJob(hosts, slots);
    site = {
      slots,
      directory: hosts.directory,
      ofHost,
      script: (line) => job.script(line),
      write: (name, text) => writeFileSync(join(hosts.directory, name), text),
      on: (host, line) => hosts.shell(host, line),
      processes: () => job.processes(),
      terminate: () => job.terminate(),
    };
  });
  afterAll(() => {
    job?.end();
    hosts?.remove();
  });

  schedulerContract(() => site);
});

describe.runIf(multihost.possible)("a job under Slurm on three hosts", () => {
  let hosts: Hosts;
  let job: SlurmJob;

  beforeAll(async () => {
    hosts = await makeHosts(["a", "b", "c"]);
    job = new SlurmJob(hosts, ["a", "b", "c"]);
  });
  afterAll(() => {
    job?.end();
    hosts?.remove();
  });

  test("names a host without node at once, although its srun runs on for the others", async () => {
    hosts.shell("b", `mount --bind /dev/null ${process.execPath}`);
    const { code, stderr } = await job.script("tsmpi exec true").result;
    hosts.shell("b", `umount ${process.execPath}`);
    expect(stderr).toContain("1 of 2 agents did not connect at all"); // nor: within 60 s
    expect(stderr).toMatch(/^b .*node was not found there, at /m);
    expect(stderr).toMatch(/^c +ready/m);
    expect(code).toBe(125);
  });

  test("gives the user's own value of a host's variable to all hosts when the script has set it", async () => {
    const script = `export CUDA_VISIBLE_DEVICES=1; tsmpi exec sh -c 'echo $CUDA_VISIBLE_DEVICES'`;
    expect((await job.script(script).result).stdout).toBe("1\n1\n1\n");
  });

  test("tells ranks when its time limit is near", async () => {
    job.tells("2:00", "0:50");
    const save = `import { init } from "${new URL("../../packages/launcher/dist/index.js", import.meta.url)}";
      const world = await init();
      const wait = setInterval(() => {}, 1000);
      world.signal.addEventListener("abort", () => {
        clearInterval(wait);
        console.log(world.signal.reason.message);
      });`;
    writeFileSync(join(hosts.directory, "save.mjs"), save);
    const { stdout, code } = await job.script("tsmpi run save.mjs").result;
    expect(stdout.match(/^Slurm ends this job in about \d+ s: its walltime is 120 s$/gm)).toHaveLength(3);
    expect(code).toBe(0);
  });

  test("runs within a rank of another host", async () => {
    const command = join(import.meta.dirname, "../../packages/launcher/bin/tsmpi.js");
    const nested = `tsmpi exec --hosts b -n 1 "${process.execPath}" ${command} exec --tag-output hostname | sort`;
    expect((await job.script(nested).result).stdout).toBe("[0] a\n[1] b\n[2] c\n");
  });
});
