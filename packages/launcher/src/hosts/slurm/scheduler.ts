import type { Scheduler } from "../scheduler.ts";
import { allocation } from "./allocation.ts";
import { grants } from "./grants.ts";
import { srun } from "./starter.ts";
import { task } from "./task.ts";
import { walltime } from "./walltime.ts";

export const slurm: Scheduler = {
  name: "Slurm",
  howTo: "SLURM_JOB_NODELIST names the hosts, srun (in PATH) starts processes there",
  jobVariables: ["SLURM_JOB_ID"],
  isHere: () => process.env["SLURM_JOB_ID"] !== undefined,
  allocation,
  starter: srun,
  walltime,
  task,
  grants,
};
