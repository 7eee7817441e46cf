import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";

/** How many CPUs this process may use, and what says so. */
export interface Cpus {
  count: number;
  source: string;
}

/** The machine's CPUs, less those that the affinity mask or a cgroup's quota (containers, batch systems) takes away. */
export function usableCpus(): Cpus {
  const affinity = availableParallelism();
  const quota = cgroupQuota();
  if (quota !== undefined && quota < affinity) {
    return { count: Math.max(1, Math.round(quota)), source: "the CPU quota of this process's cgroup" };
  }
  return { count: affinity, source: "the CPUs this process may use" };
}

/** In CPUs; undefined when nothing is limited. Looks at every level above the process too: the tightest one counts. */
function cgroupQuota(): number | undefined {
  const quotas: number[] = [];
  for (const line of read("/proc/self/cgroup").split("\n")) {
    const [, controllers, path] = /^\d+:([^:]*):(.*)$/.exec(line) ?? [];
    if (path === undefined || controllers === undefined) continue;
    for (const level of levels(path)) {
      if (controllers === "") {
        for (const root of ["/sys/fs/cgroup", "/sys/fs/cgroup/unified"]) {
          const [quota, period] = read(`${root}${level}/cpu.max`).split(/\s+/).map(Number);
          quotas.push(quota! / period!);
        }
      } else if (controllers.split(",").includes("cpu")) {
        for (const root of ["/sys/fs/cgroup/cpu", "/sys/fs/cgroup/cpu,cpuacct"]) {
          const quota = Number(read(`${root}${level}/cpu.cfs_quota_us`) || Number.NaN);
          quotas.push(quota / Number(read(`${root}${level}/cpu.cfs_period_us`)));
        }
      }
    }
  }
  const limits = quotas.filter((quota) => Number.isFinite(quota) && quota > 0);
  return limits.length === 0 ? undefined : Math.min(...limits);
}

/** "/a/b" -> "/a/b", "/a", "". */
function levels(path: string): string[] {
  const parts = path.split("/").filter((part) => part !== "");
  return [...parts.keys(), parts.length].map((length) => ["", ...parts.slice(0, length)].join("/")).reverse();
}

function read(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}
