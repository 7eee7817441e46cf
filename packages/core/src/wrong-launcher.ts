/** What other launchers set for each of the processes they start: rank, number of processes, name. */
const signs = [
  { rank: "OMPI_COMM_WORLD_RANK", size: "OMPI_COMM_WORLD_SIZE", launcher: "mpiexec (Open MPI)" },
  { rank: "PMI_RANK", size: "PMI_SIZE", launcher: "mpiexec (MPICH, Intel MPI)" },
  { rank: "SLURM_PROCID", size: "SLURM_STEP_NUM_TASKS", launcher: "srun" },
] as const;

/**
 * The launcher that has started this process as one of several, and how many. Slurm counts the tasks of the step: those of
 * the allocation are in the environment of the batch script too.
 */
export function otherLauncher(): { launcher: string; processes: number } | undefined {
  for (const { rank, size, launcher } of signs) {
    const processes = Number(process.env[size]);
    if (process.env[rank] !== undefined && processes > 1) return { launcher, processes };
  }
  return undefined;
}

let warned = false;

/**
 * n processes started by another launcher would be n worlds of one, each doing the whole work: the most expensive way
 * to find out that a job script says `mpiexec` where `tsmpi run` is meant.
 */
export function warnIfStartedWrongly(): void {
  if (warned) return;
  warned = true;
  const other = otherLauncher();
  if (other === undefined) return;
  const { launcher, processes } = other;
  process.stderr.write(
    `tsmpi: warning: ${launcher} started ${processes} processes, but tsmpi does not speak its protocol: ` +
      `each of them is now a world of one rank and does all the work. Use: tsmpi run -n ${processes} SCRIPT\n`,
  );
}
