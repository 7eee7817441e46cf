type Variables = Readonly<Record<string, string | undefined>>;

/** Another launcher of parallel processes, and the variables that it sets in each of them. */
interface OtherStarter {
  /** Name in messages. The first word is the command. */
  readonly name: string;
  /** The variable with the rank of this process. */
  readonly rank: string;
  /** The variable with the number of processes. If there is none, only processes from rank 1 are recognised. */
  readonly size?: string;
  /** A further condition, in words and as a test. */
  readonly only?: { readonly words: string; test(variables: Variables): boolean };
}

/** Batch scripts and the shells of salloc are steps with numbers from here on. */
export const firstStepOfNoSrun = 0xff_ff_ff_f0;

/** The first match counts, because several launchers set the variables of PMI and PMIx. `docs/reliability.md` shows this table. */
export const otherStarters: readonly OtherStarter[] = [
  { name: "mpiexec (Open MPI)", rank: "OMPI_COMM_WORLD_RANK", size: "OMPI_COMM_WORLD_SIZE" },
  { name: "mpirun (MVAPICH)", rank: "MV2_COMM_WORLD_RANK", size: "MV2_COMM_WORLD_SIZE" },
  { name: "flux run", rank: "FLUX_TASK_RANK", size: "FLUX_JOB_SIZE" },
  {
    name: "srun",
    rank: "SLURM_PROCID",
    size: "SLURM_STEP_NUM_TASKS",
    only: {
      words: "SLURM_STEP_ID is a step of srun, and not srun --pty",
      // A batch script has SLURM_PROCID=0 too, and `srun -n 2 --pty bash` gives its shell to process 0.
      test: ({ SLURM_STEP_ID: step, SLURM_PTY_PORT: terminal, SLURM_PROCID: rank }) =>
        step !== undefined && Number(step) < firstStepOfNoSrun && (terminal === undefined || rank !== "0"),
    },
  },
  { name: "mpiexec (MPICH, Intel MPI)", rank: "PMI_RANK", size: "PMI_SIZE" },
  { name: "mpiexec (PALS)", rank: "PALS_RANKID" },
  { name: "prterun (PMIx)", rank: "PMIX_RANK" },
  {
    name: "torchrun",
    rank: "RANK",
    size: "WORLD_SIZE",
    only: { words: "both are numbers", test: ({ RANK: rank }) => /^\d+$/.test(rank ?? "") },
  },
];

/** The launcher that started this process as one of several. `processes` is undefined where it sets no number. */
export function otherLauncher(
  variables: Variables = process.env,
): { launcher: string; processes: number | undefined } | undefined {
  for (const { name: launcher, rank, size, only } of otherStarters) {
    if (variables[rank] === undefined || only?.test(variables) === false) continue;
    const processes = size === undefined ? undefined : Number(variables[size]);
    if (processes === undefined ? Number(variables[rank]) > 0 : processes > 1) return { launcher, processes };
  }
  return undefined;
}

let warned = false;

/**
 * Warns if another launcher started this process. n such processes are n worlds of one rank, and each does the whole work: a job
 * script says `mpiexec` where `tsmpi run` is meant.
 */
export function warnIfStartedWrongly(): void {
  if (warned) return;
  warned = true;
  const other = otherLauncher();
  if (other === undefined) return;
  const { launcher, processes } = other;
  process.stderr.write(
    `tsmpi: warning: ${launcher} started ${processes ?? "several"} processes, but tsmpi does not speak its protocol: ` +
      `each of them is now a world of one rank and does all the work. Use: tsmpi run -n ${processes ?? "N"} SCRIPT\n`,
  );
}
