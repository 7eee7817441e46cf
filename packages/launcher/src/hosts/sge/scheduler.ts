import type { Scheduler } from "../scheduler.ts";
import { allocation } from "./allocation.ts";
import { grants } from "./grants.ts";
import { qrsh } from "./starter.ts";
import { task } from "./task.ts";
import { walltime } from "./walltime.ts";

/** SGE and its descendants. JOB_ID alone is a name that other programs use too. */
export const sge: Scheduler = {
  name: "SGE",
  howTo: "PE_HOSTFILE names the hosts (qsub -pe NAME N), qrsh (in PATH or SGE_ROOT) starts processes there",
  jobVariables: ["JOB_ID", "SGE_TASK_ID"],
  isHere: () => process.env["JOB_ID"] !== undefined && process.env["SGE_TASK_ID"] !== undefined,
  allocation,
  starter: qrsh,
  walltime,
  task,
  grants,
};
