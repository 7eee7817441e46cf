import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe } from "vitest";
import { type Site, schedulerContract } from "../support/scheduler-contract.ts";
import { SlurmCluster, type SlurmRun } from "./cluster.ts";

describe("a job under a real Slurm", () => {
  let cluster: SlurmCluster;
  let last: SlurmRun;
  let site: Site;

  beforeAll(async () => {
    cluster = await SlurmCluster.up(["n1", "n2", "n3"]);
    site = {
      slots: ["n1", "n1", "n2", "n3"],
      directory: cluster.hosts.directory,
      ofHost: { SLURM_NODEID: (_, index) => String(index), SLURMD_NODENAME: (host) => host },
      script: (line) => {
        last = cluster.submit(line, "-N3 -n4 -m block");
        return last;
      },
      write: (name, text) => writeFileSync(join(cluster.hosts.directory, name), text),
      on: (host, line) => cluster.hosts.shell(host, line),
      processes: () => cluster.processes(),
      terminate: () => void cluster.ask(`scancel ${last.id}`),
    };
  });
  afterAll(() => cluster?.down());

  schedulerContract(() => site);
});
