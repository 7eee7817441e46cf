import type { AllocationSource } from "../scheduler.ts";
import { allocationFrom, onlyHere, type SlotList } from "../slot-list.ts";
import { readList } from "../tools.ts";

export const allocation: AllocationSource = allocationFrom("LSF", jobHosts);

/** The file has a line for each slot. The variable has the same as pairs: `hostA 2 hostB 1`. */
function jobHosts(): SlotList | undefined {
  const { LSB_JOBID: job, LSB_DJOB_HOSTFILE: path, LSB_MCPU_HOSTS: pairs } = process.env;
  if (job === undefined) return undefined;
  if (path !== undefined) {
    const text = readList("LSB_DJOB_HOSTFILE", path);
    const names = text.split(/\s+/).filter((name) => name !== "");
    return { slots: names.map((name) => [name, 1] as const), source: `LSB_DJOB_HOSTFILE ${path}` };
  }
  if (pairs === undefined) return onlyHere(1, `LSF job ${job}, which names no hosts`);
  const found = [...pairs.matchAll(/(\S+)\s+(\d+)/g)].map(([, name = "", count]) => [name, Number(count)] as const);
  return { slots: found, source: "LSB_MCPU_HOSTS" };
}
