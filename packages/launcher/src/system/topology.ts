import { numbersIn } from "./number-list.ts";
import { namesIn, readOrEmpty } from "./or-empty.ts";

/** A CPU as the kernel counts them, which is a hardware thread, and where it is. */
export interface Cpu {
  id: number;
  /** The least CPU of its core. */
  core: number;
  numa: number;
  socket: number;
}

/** Where the kernel tells of this machine and this process; tests have their own. */
const kernelFiles = { system: "/sys/devices/system", status: "/proc/self/status" };

/**
 * The CPUs that this process may use, by its affinity, which a cpuset of a cgroup limits too. Neighbors in this list are
 * near each other: the order is by socket, NUMA domain and core. What the kernel does not tell counts as one socket, one
 * domain, a core for each CPU. Empty without /proc.
 */
export function usableTopology({ system, status }: typeof kernelFiles = kernelFiles): Cpu[] {
  const allowed = numbersIn(/^Cpus_allowed_list:\s*(\S+)/m.exec(readOrEmpty(status))?.[1] ?? "") ?? [];
  const domains = numaDomains(`${system}/node`);
  const cpus = allowed.map((id): Cpu => {
    const topology = `${system}/cpu/cpu${id}/topology`;
    const siblings = numbersIn(readOrEmpty(`${topology}/thread_siblings_list`).trim()) ?? [id];
    const socket = Number.parseInt(readOrEmpty(`${topology}/physical_package_id`), 10);
    return { id, core: siblings[0]!, numa: domains.get(id) ?? 0, socket: socket > 0 ? socket : 0 };
  });
  return cpus.sort((a, b) => a.socket - b.socket || a.numa - b.numa || a.core - b.core || a.id - b.id);
}

function numaDomains(path: string): Map<number, number> {
  const domains = new Map<number, number>();
  for (const name of namesIn(path)) {
    const [, domain] = /^node(\d+)$/.exec(name) ?? [];
    const cpus = domain === undefined ? [] : numbersIn(readOrEmpty(`${path}/${name}/cpulist`).trim());
    for (const cpu of cpus ?? []) domains.set(cpu, Number(domain));
  }
  return domains;
}
