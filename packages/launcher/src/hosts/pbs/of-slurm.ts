/**
 * Whether PBS_JOBID is Slurm's: its plugin spank_pbs sets that and some more variables, so that scripts for PBS run. A PBS job
 * has a node file in its script and a cookie in every task.
 */
export function isOfSlurm(): boolean {
  const { PBS_NODEFILE: file, PBS_JOBCOOKIE: cookie, SLURM_JOB_ID: job } = process.env;
  return job !== undefined && file === undefined && cookie === undefined;
}
