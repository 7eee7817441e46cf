import { gpuVariables } from "../host-variables.ts";

/**
 * Variables that Slurm gives anew to each task or host: they do not travel from the launcher's host. All other variables of
 * the job are the same on all hosts and travel with the launching shell's.
 *
 * | variables | tell |
 * | --- | --- |
 * | NODEID, NODENAME, TOPOLOGY | which host of the job this is |
 * | PROCID, LOCALID, GTIDS, TASK_PID | the task of Slurm around this process: the agent |
 * | CPUS_ON_NODE, GPUS, DEVICES, MASK, TMPDIR | what the job has on this host |
 */
const perHost = [
  "SLURMD_NODENAME",
  "SLURM_NODEID",
  "SLURM_TOPOLOGY_ADDR",
  "SLURM_PROCID",
  "SLURM_LOCALID",
  "SLURM_GTIDS",
  "SLURM_TASK_PID",
  "SLURM_CPUS_ON_NODE",
  "SLURM_JOB_GPUS",
  "SLURM_STEP_GPUS",
  "SLURM_GPUS_ON_NODE",
  "SLURM_SHARDS_ON_NODE",
];

/** Those that a user may set too. Then they travel like all others. */
const perHostUnlessChosen = [...gpuVariables, "GPU_DEVICE_ORDINAL", "TMPDIR"];

export const hostVariables: Record<"perHost" | "perHostUnlessChosen", readonly string[]> = {
  perHost,
  perHostUnlessChosen,
};
