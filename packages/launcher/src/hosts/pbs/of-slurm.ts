/**
 * Whether PBS's variables are Slurm's: its plugin spank_pbs sets PBS_JOBID and some more, so that scripts for PBS run, and such a
 * script may make a node file of its own. A PBS job has a cookie in every task.
 */
export function isOfSlurm(): boolean {
  const { PBS_JOBCOOKIE: cookie, SLURM_JOB_ID: job } = process.env;
  return job !== undefined && cookie === undefined;
}
