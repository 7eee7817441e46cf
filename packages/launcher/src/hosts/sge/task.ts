import type { Task } from "../scheduler.ts";
import { taskFrom } from "../slot-list.ts";

/**
 * SGE gives these anew to the task on each host. NSLOTS is there the slots of that host alone; ranks get the job's. SGE finds
 * a job's processes by a group id of their own, whatever their session.
 */
export const task: Task = taskFrom("JOB_ID", "SGE_O_WORKDIR", [
  "CUDA_VISIBLE_DEVICES",
  "HOST",
  "QUEUE",
  "ROCR_VISIBLE_DEVICES",
  "SGE_JOB_SPOOL_DIR",
  "TMP",
  "TMPDIR",
]);
