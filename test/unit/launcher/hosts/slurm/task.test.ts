import { hostname } from "node:os";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { grantOf } from "../../../../../packages/launcher/src/hosts/slurm/grants.ts";
import { SlurmNode } from "../../../../../packages/launcher/src/hosts/slurm/slurm-node.ts";
import { task } from "../../../../../packages/launcher/src/hosts/slurm/task.ts";
import { parseTimes } from "../../../../../packages/launcher/src/hosts/slurm/walltime.ts";

beforeEach(() => {
  vi.stubEnv("SLURM_JOB_ID", "17");
  vi.stubEnv("SLURM_JOB_NODELIST", "node[1-4]");
  return () => vi.unstubAllEnvs();
});

describe("variables of a rank on another host", () => {
  const launcher = {
    SLURM_NODEID: "0",
    SLURMD_NODENAME: "node1",
    SLURM_NTASKS: "8",
    SLURM_CPUS_ON_NODE: "2",
    SLURM_JOB_GPUS: "0,1",
    CUDA_VISIBLE_DEVICES: "0,1",
    TMPDIR: "/tmp",
    FROM_SCRIPT: "a b",
  };
  /** What srun gives an agent on node3, the second host of its step. */
  const agent = {
    SLURM_NODEID: "1",
    SLURMD_NODENAME: "node3",
    SLURM_NTASKS: "3",
    SLURM_STEP_ID: "5",
    SLURM_STEP_NUM_TASKS: "3",
    SLURM_CPUS_ON_NODE: "4",
    CUDA_VISIBLE_DEVICES: "2",
    TMPDIR: "/scratch/17",
    FROM_SCRIPT: "a b",
  };

  /** `described` on the launcher's host, then seen on the agent's. */
  function there(given: Record<string, string> = {}) {
    const described = JSON.parse(JSON.stringify(task.describe(given))) as object;
    for (const [name, value] of Object.entries(agent)) vi.stubEnv(name, value);
    return task.variablesThere({ ...launcher, ...given }, described, "/");
  }

  it("are the host's where Slurm gives each host its own, and else the launching shell's, not the step's", () => {
    expect(there()).toEqual({
      SLURM_NODEID: "2", // of the job, not of the agents' step
      SLURMD_NODENAME: "node3",
      SLURM_NTASKS: "8",
      SLURM_CPUS_ON_NODE: "4",
      CUDA_VISIBLE_DEVICES: "2",
      TMPDIR: "/scratch/17",
      FROM_SCRIPT: "a b",
    });
  });

  it("are the user's where --env gives them", () => {
    expect(there({ TMPDIR: "/mine", SLURM_NODEID: "9" })).toMatchObject({
      TMPDIR: "/mine",
      SLURM_NODEID: "9",
      CUDA_VISIBLE_DEVICES: "2",
    });
  });
});

describe("the CPUs of a host", () => {
  const occupied = (tasks: number, cpus: number | undefined, slots: number, ranks: number) => ({
    host: {
      name: hostname(),
      slots,
      here: true,
      place: new SlurmNode({ name: "node1", index: 0, tasks, cpus, group: undefined }),
    },
    ranks: Array.from({ length: ranks }, (_, rank) => rank),
    cpusOfSlot: undefined,
  });

  it.each([
    ["-n4", occupied(4, 4, 4, 4), undefined, { cpus: 4, threads: 1 }],
    ["-n2 -c4", occupied(2, 8, 2, 2), "4", { cpus: 8, threads: 4 }],
    ["-n2 --exclusive of 4", occupied(2, 4, 2, 2), undefined, { cpus: 4, threads: 2 }],
    ["half of the slots", occupied(4, 8, 2, 2), undefined, { cpus: 4, threads: 2 }],
    ["-n6 -O on 2", occupied(6, 2, 6, 6), undefined, { cpus: 2, threads: 1 }],
    ["a step, of which Slurm does not tell", occupied(1, undefined, 1, 1), "4", undefined],
  ])("%s", (_, host, threads, expected) => {
    vi.stubEnv("SLURM_CPUS_PER_TASK", threads);
    expect(grantOf(host)).toEqual(expected);
  });
});

describe("the time limit that squeue tells", () => {
  const hour = 3_600_000;
  it.each([
    ["hours", "17|1:10:00|1:09:59", { totalMs: hour + 600_000, leftMs: hour + 599_000 }],
    ["minutes", "17|5:00|0:07", { totalMs: 300_000, leftMs: 7000 }],
    ["days", "17|2-00:00:00|1-23:00:01", { totalMs: 48 * hour, leftMs: 47 * hour + 1000 }],
    ["the leader of a heterogeneous job", "17+0|1:00|0:30\n17+1|1:00|0:30", { totalMs: 60_000, leftMs: 30_000 }],
    ["no limit", "17|UNLIMITED|UNLIMITED", undefined],
  ])("in %s", (_, text, expected) => {
    expect(parseTimes(`${text}\n`, "17")).toEqual(expected);
  });

  it.each(["", "17|1:00:00|INVALID"])("is missed with a reason in %j", (text) => {
    expect(() => parseTimes(text, "17")).toThrow("squeue does not tell the time limit of job 17");
  });
});
