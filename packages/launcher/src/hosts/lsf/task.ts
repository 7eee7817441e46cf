import type { Task } from "../scheduler.ts";
import { taskFrom } from "../slot-list.ts";

/** blaunch gives a task the environment of its caller, but for what LSF sets on each host. */
export const task: Task = taskFrom("LSB_JOBID", "LS_SUBCWD", [
  "CUDA_VISIBLE_DEVICES",
  "LS_JOBPID",
  "ROCR_VISIBLE_DEVICES",
  "TMPDIR",
]);
