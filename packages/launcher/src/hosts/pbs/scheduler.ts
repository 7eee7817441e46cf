import type { Scheduler } from "../scheduler.ts";
import { allocation } from "./allocation.ts";
import { grants } from "./grants.ts";
import { pbsdsh } from "./starter.ts";
import { task } from "./task.ts";
import { walltime } from "./walltime.ts";

/** OpenPBS, PBS Professional and TORQUE. */
export const pbs: Scheduler = {
  name: "PBS",
  howTo: "PBS_NODEFILE names the hosts, pbsdsh (in PATH or PBS_EXEC) starts processes there",
  isHere: () => process.env["PBS_JOBID"] !== undefined,
  allocation,
  starter: pbsdsh,
  walltime,
  task,
  grants,
};
