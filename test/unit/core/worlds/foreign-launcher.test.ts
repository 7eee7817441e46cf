import { readFileSync } from "node:fs";
import { otherLauncher, otherStarters } from "@tsmpi/core/bootstrap";
import { describe, expect, test } from "vitest";

const step = { SLURM_STEP_ID: "0", SLURM_STEP_NUM_TASKS: "4" };

describe("a process knows that it is one of several of", () => {
  test.each([
    ["mpiexec (Open MPI)", 4, { OMPI_COMM_WORLD_RANK: "0", OMPI_COMM_WORLD_SIZE: "4", PMIX_RANK: "0" }],
    ["mpirun (MVAPICH)", 4, { MV2_COMM_WORLD_RANK: "0", MV2_COMM_WORLD_SIZE: "4" }],
    ["flux run", 4, { FLUX_TASK_RANK: "0", FLUX_JOB_SIZE: "4", PMI_RANK: "0", PMI_SIZE: "4" }],
    ["srun", 4, { SLURM_PROCID: "0", ...step, PMI_RANK: "0", PMI_SIZE: "4" }],
    ["srun", 4, { SLURM_PROCID: "3", ...step, SLURM_PTY_PORT: "4711" }],
    ["mpiexec (MPICH, Intel MPI)", 4, { PMI_RANK: "0", PMI_SIZE: "4" }],
    ["mpiexec (PALS)", undefined, { PALS_RANKID: "1" }],
    ["prterun (PMIx)", undefined, { PMIX_RANK: "1" }],
    ["torchrun", 4, { RANK: "0", WORLD_SIZE: "4", LOCAL_RANK: "0" }],
  ])("%s", (launcher, processes, variables) => {
    expect(otherLauncher(variables)).toEqual({ launcher, processes });
  });

  test.each([
    ["one process of mpiexec", { OMPI_COMM_WORLD_RANK: "0", OMPI_COMM_WORLD_SIZE: "1", PMIX_RANK: "0" }],
    ["a batch script of Slurm", { SLURM_PROCID: "0", SLURM_NTASKS: "4", SLURM_JOB_ID: "7" }],
    ["a batch script that has numbered itself as a step", { SLURM_PROCID: "0", ...step, SLURM_STEP_ID: "4294967291" }],
    ["the shell of salloc", { SLURM_PROCID: "0", ...step, SLURM_STEP_ID: "4294967290" }],
    ["srun --pty", { SLURM_PROCID: "0", ...step, SLURM_PTY_PORT: "4711" }],
    ["a program with a variable RANK", { RANK: "admiral", WORLD_SIZE: "4" }],
  ])("nothing: %s", (_name, variables) => {
    expect(otherLauncher(variables)).toBeUndefined();
  });
});

test("docs/reliability.md shows the table", () => {
  const rows = otherStarters.map(({ name, rank, size = "-", only }) => {
    const several = size === "-" ? "it is not process 0" : "there are several";
    return `${name.padEnd(28)}${rank.padEnd(23)}${size.padEnd(23)}${[several, only?.words].filter(Boolean).join("; ")}`;
  });
  const head = "starter                     number of the process  how many               recognised when";
  const page = readFileSync(new URL("../../../../docs/reliability.md", import.meta.url), "utf8");
  expect(page).toContain(["```text", head, ...rows, "```"].join("\n"));
});
