import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe } from "vitest";
import { type Site, schedulerContract } from "../support/scheduler-contract.ts";
import { SgeCluster, type SgeRun } from "./cluster.ts";

describe("a job under a real SGE", () => {
  let cluster: SgeCluster;
  let last: SgeRun;
  let site: Site;

  beforeAll(async () => {
    cluster = await SgeCluster.up(["n1", "n2", "n3"]);
    site = {
      slots: ["n1", "n1", "n2", "n3"],
      directory: cluster.hosts.directory,
      ofHost: {},
      script: (line) => {
        last = cluster.submit(line, "-pe mpi 4 -l h_rt=0:10:0");
        return last;
      },
      write: (name, text) => writeFileSync(join(cluster.hosts.directory, name), text),
      on: (host, line) => cluster.run(host, line),
      processes: () => cluster.processes(),
      terminate: () => void cluster.ask(`qdel ${last.id}`),
    };
  });
  afterAll(() => cluster?.down());

  schedulerContract(() => site);
});
