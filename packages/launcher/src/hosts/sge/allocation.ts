import { LaunchError } from "../../errors/launch-error.ts";
import type { AllocationSource } from "../scheduler.ts";
import { allocationFrom, onlyHere, type SlotList } from "../slot-list.ts";
import { readList } from "../tools.ts";

export const allocation: AllocationSource = allocationFrom("SGE", jobHosts);

/** A job without a parallel environment has one slot, on the host of its script. */
function jobHosts(): SlotList | undefined {
  const { JOB_ID: job, SGE_TASK_ID: task, PE_HOSTFILE: path } = process.env;
  if (job === undefined || task === undefined) return undefined;
  if (path === undefined) return onlyHere(1, `SGE job ${job}, which has no parallel environment (qsub -pe NAME N)`);
  return parseHostFile(readList("PE_HOSTFILE", path), `PE_HOSTFILE ${path}`);
}

/** `host slots queue processors`. A host has a line for each of its queues. */
function parseHostFile(text: string, source: string): SlotList {
  const lines = text.split("\n").filter((line) => line.trim() !== "");
  const slots = lines.map((line) => {
    const [name = "", count] = line.trim().split(/\s+/);
    if (!/^[1-9]\d*$/.test(count ?? ""))
      throw new LaunchError(`${source} has the line "${line}", which is no host with its slots`);
    return [name, Number(count)] as const;
  });
  return { slots, source };
}
