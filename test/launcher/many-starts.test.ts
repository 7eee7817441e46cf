import { spawnSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { command, folder, runTsmpi } from "../support/run-tsmpi.ts";

const hasOpenMpi = spawnSync("mpiexec.openmpi", ["--version"]).status === 0;
const refusal = (launcher: string, size: number, instead: string): string =>
  `tsmpi: ${launcher} started this command ${size} times, and each would run the whole job: write ${instead}, without ${launcher.split(" ")[0]}\n`;

describe("tsmpi started as several processes of another launcher", () => {
  const openMpi = { OMPI_COMM_WORLD_RANK: "0", OMPI_COMM_WORLD_SIZE: "4" };

  it.each([
    ["mpiexec (Open MPI)", openMpi],
    ["mpiexec (MPICH, Intel MPI)", { PMI_RANK: "1", PMI_SIZE: "4" }],
    ["srun", { SLURM_PROCID: "3", SLURM_STEP_NUM_TASKS: "4", SLURM_STEP_ID: "0" }],
    ["flux run", { FLUX_TASK_RANK: "0", FLUX_JOB_SIZE: "4" }],
  ])("is refused, with what to type: %s", async (launcher, env) => {
    const { code, stdout, stderr } = await runTsmpi(["run", "-n", "2", "x.ts", "1"], { env });
    expect({ code, stdout, stderr }).toEqual({
      code: 2,
      stdout: "",
      stderr: refusal(launcher, 4, "tsmpi run -n 4 x.ts 1"),
    });
  });

  it.each([
    ["as the only one", { OMPI_COMM_WORLD_RANK: "0", OMPI_COMM_WORLD_SIZE: "1" }],
    ["by a batch script that has several tasks", { SLURM_PROCID: "0", SLURM_STEP_NUM_TASKS: "1", SLURM_NTASKS: "4" }],
    ["by the only rank of ours", { ...openMpi, TSMPI_RANK: "0", TSMPI_SIZE: "1" }],
    ["by a job script of PBS", { PBS_JOBID: undefined, PBS_TASKNUM: "1" }],
  ])("runs when it is started %s", async (_, env) => {
    expect(await runTsmpi(["exec", "-n", "1", "echo", "ran"], { env })).toMatchObject({ code: 0, stdout: "ran\n" });
  });

  it("by a rank of ours runs, and says who has started it", async () => {
    const { code, stdout, stderr } = await runTsmpi(
      ["exec", "-n", "2", process.execPath, command, "exec", "-n", "1", "echo", "ran"],
      {},
    );
    expect({ code, stdout }).toEqual({ code: 0, stdout: "ran\nran\n" });
    expect(stderr.split("\n").sort()).toEqual([
      "",
      ...[0, 1].map(
        (rank) =>
          `tsmpi: rank ${rank} of 2 of another job has started this job, and so may each of its ranks: if one job is meant, write tsmpi exec alone`,
      ),
    ]);
  });

  it.runIf(hasOpenMpi)("is refused under the real mpiexec of Open MPI", () => {
    const words = ["--allow-run-as-root", "--oversubscribe", "-n", "2", process.execPath, command, "exec", "hostname"];
    const { status, stderr } = spawnSync("mpiexec.openmpi", words, { cwd: folder(), encoding: "utf8" });
    expect(status).toBe(2);
    expect(stderr).toContain(refusal("mpiexec (Open MPI)", 2, "tsmpi exec -n 2 hostname"));
  });
});
