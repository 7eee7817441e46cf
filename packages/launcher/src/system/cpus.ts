import { availableParallelism } from "node:os";
import { type Cgroup, cgroupsOf } from "./cgroups.ts";

/** How many CPUs this process may use, and what limits them. */
export interface Cpus {
  count: number;
  source: string;
}

/** The machine's CPUs that the affinity mask and the quota of a cgroup (containers, batch systems) leave to this process. */
export function usableCpus(): Cpus {
  const affinity = availableParallelism();
  const quota = cgroupQuota();
  if (quota !== undefined && quota < affinity) {
    return { count: Math.max(1, Math.round(quota)), source: "the CPU quota of this process's cgroup" };
  }
  return { count: affinity, source: "the CPUs this process may use" };
}

/** The tightest quota at any level above the process, in CPUs; undefined if there is none. */
function cgroupQuota(): number | undefined {
  const quotas = cgroupsOf("cpu")
    .map(quotaOf)
    .filter((quota) => Number.isFinite(quota) && quota > 0);
  return quotas.length === 0 ? undefined : Math.min(...quotas);
}

/** CPU time per period of time. Not finite without a limit ("max"), and without the file. Version 1 has -1 for no limit. */
function quotaOf({ version, read }: Cgroup): number {
  const [quota = Number.NaN, period = Number.NaN] =
    version === 2
      ? read("cpu.max").split(/\s+/).map(Number)
      : [read("cpu.cfs_quota_us"), read("cpu.cfs_period_us")].map(Number);
  return quota / period;
}
