import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { obstacle, SlurmCluster } from "./cluster.ts";

if (obstacle !== undefined) it.skip(`SLURM IS NOT TESTED FOR REAL: ${obstacle}`, () => {});

/** The smallest part of the real suite, `npm run test:slurm`, for the quick tier. */
describe.runIf(obstacle === undefined)("a real Slurm", { timeout: 120_000 }, () => {
  let cluster: SlurmCluster;
  beforeAll(async () => {
    cluster = await SlurmCluster.up(["n1", "n2"]);
  }, 120_000);
  afterAll(() => cluster?.down());

  it("runs a job on its hosts, each with its own variables, and leaves nothing", async () => {
    const show = "tsmpi exec --tag-output sh -c 'echo $(hostname) $SLURM_NODEID $SLURMD_NODENAME $(pwd)' | sort";
    const { stdout, stderr } = await cluster.submit(show, "-N2 --ntasks-per-node=2").result;
    const { directory } = cluster.hosts;
    const line = (rank: number, host: string, index: number) => `[${rank}] ${host} ${index} ${host} ${directory}\n`;
    expect({ stdout, stderr }).toEqual({
      stdout: line(0, "n1", 0) + line(1, "n1", 0) + line(2, "n2", 1) + line(3, "n2", 1),
      stderr: "",
    });
    expect(cluster.processes()).toEqual([]);
  });
});
