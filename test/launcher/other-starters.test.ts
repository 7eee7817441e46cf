import { spawnSync } from "node:child_process";
import { describe, expect, test } from "vitest";
import { folder } from "../support/run-tsmpi.ts";

const library = new URL("../../packages/launcher/dist/index.js", import.meta.url);
const script = `import { init } from "${library}"; const world = await init(); console.log(world.rank + " " + world.size); await world.close();`;
const mpiexec = ["--allow-run-as-root", "--oversubscribe", "-n", "2", process.execPath, "script.mjs"];
const hasOpenMpi = spawnSync("mpiexec.openmpi", ["--version"]).status === 0;

function warning(launcher: string, processes: number): string {
  return (
    `tsmpi: warning: ${launcher} started ${processes} processes, but tsmpi does not speak its protocol: each of them is ` +
    `now a world of one rank and does all the work. Use: tsmpi run -n ${processes} SCRIPT\n`
  );
}

describe("a script that another launcher starts", () => {
  test.each([
    ["mpiexec (Open MPI)", { OMPI_COMM_WORLD_RANK: "0", OMPI_COMM_WORLD_SIZE: "4" }],
    ["mpiexec (MPICH, Intel MPI)", { PMI_RANK: "1", PMI_SIZE: "4" }],
    ["srun", { SLURM_PROCID: "3", SLURM_STEP_NUM_TASKS: "4", SLURM_STEP_ID: "0" }],
  ])("warns, in each process, and names the command: %s", (launcher, variables) => {
    const cwd = folder({ "script.mjs": script });
    const env = { ...process.env, ...variables };
    const { status, stdout, stderr } = spawnSync(process.execPath, ["script.mjs"], { cwd, env, encoding: "utf8" });
    expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: "0 1\n", stderr: warning(launcher, 4) });
  });

  test.runIf(hasOpenMpi)("warns under the real mpiexec of Open MPI", () => {
    const cwd = folder({ "script.mjs": script });
    const { status, stdout, stderr } = spawnSync("mpiexec.openmpi", mpiexec, { cwd, encoding: "utf8" });
    expect({ status, stdout }).toEqual({ status: 0, stdout: "0 1\n0 1\n" });
    expect(stderr.split(warning("mpiexec (Open MPI)", 2)).length).toBe(3);
  });
});
