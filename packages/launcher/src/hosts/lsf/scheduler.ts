import type { Scheduler } from "../scheduler.ts";
import { allocation } from "./allocation.ts";
import { grants } from "./grants.ts";
import { blaunch } from "./starter.ts";
import { task } from "./task.ts";
import { walltime } from "./walltime.ts";

export const lsf: Scheduler = {
  name: "LSF",
  howTo: "LSB_DJOB_HOSTFILE or LSB_MCPU_HOSTS names the hosts, blaunch (in PATH or LSF_BINDIR) starts processes there",
  jobVariables: ["LSB_JOBID"],
  isHere: () => process.env["LSB_JOBID"] !== undefined,
  allocation,
  starter: blaunch,
  walltime,
  task,
  grants,
};
