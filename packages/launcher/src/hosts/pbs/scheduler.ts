import type { Scheduler } from "../scheduler.ts";
import { allocation } from "./allocation.ts";
import { grants } from "./grants.ts";
import { isOfSlurm } from "./of-slurm.ts";
import { pbsdsh } from "./starter.ts";
import { task } from "./task.ts";
import { walltime } from "./walltime.ts";

/** OpenPBS, PBS Professional and TORQUE. */
export const pbs: Scheduler = {
  name: "PBS",
  howTo: "PBS_NODEFILE names the hosts, pbsdsh (in PATH or PBS_EXEC) starts processes there",
  jobVariables: ["PBS_JOBID", "PBS_NODEFILE"],
  isHere: () => process.env["PBS_JOBID"] !== undefined && !isOfSlurm(),
  allocation,
  starter: pbsdsh,
  walltime,
  task,
  grants,
};
