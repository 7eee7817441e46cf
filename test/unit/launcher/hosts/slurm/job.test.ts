import { describe, expect, it } from "vitest";
import { slurmJob } from "../../../../../packages/launcher/src/hosts/slurm/job.ts";

type Variables = Record<string, string>;

const job = (variables: Variables) => slurmJob({ SLURM_JOB_ID: "17", ...variables })!;
const slots = (variables: Variables): string =>
  job(variables)
    .nodes.map(({ name, tasks }) => `${name}:${tasks}`)
    .join(" ");

/** Variables of a job on two hosts, as `sbatch` sets them. */
const two = { SLURM_JOB_NODELIST: "node[1-2]" };

describe("the slots of a Slurm job", () => {
  it.each([
    ["-N2 --ntasks-per-node=2", { SLURM_TASKS_PER_NODE: "2(x2)", SLURM_JOB_CPUS_PER_NODE: "2(x2)" }, "node1:2 node2:2"],
    ["-n7", { SLURM_TASKS_PER_NODE: "4,3", SLURM_JOB_CPUS_PER_NODE: "4,3" }, "node1:4 node2:3"],
    [
      "-n3 -c2",
      { SLURM_TASKS_PER_NODE: "2,1", SLURM_JOB_CPUS_PER_NODE: "4,2", SLURM_CPUS_PER_TASK: "2" },
      "node1:2 node2:1",
    ],
    ["-n6 -N2 -O", { SLURM_TASKS_PER_NODE: "3(x2)", SLURM_JOB_CPUS_PER_NODE: "1(x2)" }, "node1:3 node2:3"],
    ["-m arbitrary", { SLURM_JOB_CPUS_PER_NODE: "2,1", SLURM_NTASKS: "3" }, "node1:2 node2:1"],
    ["-m arbitrary -c2", { SLURM_JOB_CPUS_PER_NODE: "4,2", SLURM_CPUS_PER_TASK: "2" }, "node1:2 node2:1"],
    ["the shell of salloc", { SLURM_TASKS_PER_NODE: "1(x2)", SLURM_STEP_ID: "4294967290" }, "node1:1 node2:1"],
  ])("%s are its tasks on each host", (_, variables, expected) => {
    expect(slots({ ...two, ...variables })).toBe(expected);
  });

  it("are those of the step within srun, and the doctor can tell which hosts it has not", () => {
    const variables = { ...two, SLURM_STEP_ID: "3", SLURM_STEP_NODELIST: "node2", SLURM_STEP_TASKS_PER_NODE: "1" };
    expect(slots(variables)).toBe("node2:1");
    expect(job(variables)).toMatchObject({
      source: "SLURM_STEP_TASKS_PER_NODE (step 17.3)",
      all: ["node1", "node2"],
    });
  });

  it("are those of all components of a heterogeneous job", () => {
    const variables = {
      SLURM_HET_SIZE: "2",
      SLURM_JOB_NODELIST: "node1",
      SLURM_JOB_NODELIST_HET_GROUP_0: "node1",
      SLURM_JOB_NODELIST_HET_GROUP_1: "node[2-3]",
      SLURM_TASKS_PER_NODE: "1",
      SLURM_TASKS_PER_NODE_HET_GROUP_0: "1",
      SLURM_TASKS_PER_NODE_HET_GROUP_1: "4,2",
      SLURM_JOB_CPUS_PER_NODE_HET_GROUP_0: "8",
      SLURM_JOB_CPUS_PER_NODE_HET_GROUP_1: "4,2",
    };
    expect(slots(variables)).toBe("node1:1 node2:4 node3:2");
    expect(job(variables).nodes.map(({ group, cpus }) => [group, cpus])).toEqual([
      [0, 8],
      [1, 4],
      [1, 2],
    ]);
  });

  it("are none outside a job", () => {
    expect(slurmJob({})).toBeUndefined();
  });

  it.each([
    ["without a list", {}, "SLURM_JOB_ID is 17, but SLURM_JOB_NODELIST is not set: start tsmpi from the job script"],
    [
      "with counts for other hosts",
      { ...two, SLURM_TASKS_PER_NODE: "4" },
      "SLURM_TASKS_PER_NODE is 4, which is for 1 hosts, but SLURM_JOB_NODELIST node[1-2] has 2",
    ],
    ["with no counts", two, "SLURM_JOB_CPUS_PER_NODE is not set, which is for 0 hosts"],
    [
      "with a list that Slurm does not write",
      { SLURM_JOB_NODELIST: "node[1-2" },
      "SLURM_JOB_NODELIST is node[1-2, which cannot be read",
    ],
    ["with counts that are none", { ...two, SLURM_TASKS_PER_NODE: "x" }, "SLURM_TASKS_PER_NODE is x, which cannot be"],
  ])("%s are an error that names the variable", (_, variables, words) => {
    expect(() => job(variables as Variables)).toThrow(words);
  });
});
