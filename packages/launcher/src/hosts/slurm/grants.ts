import type { Granted } from "../../link/messages.ts";
import type { Grants, OccupiedHost } from "../scheduler.ts";
import { nodeOfHost } from "./slurm-node.ts";

/** The CPUs that the job has on each host. Slurm tells all of them in variables, so nothing has to be asked. */
export const grants: Grants = {
  prepare: () => {},
  of: async (hosts) => hosts.map(grantOf),
  here: grantOf,
  // `-c 8` asks for threads, `-n 8` for ranks: CPUs are never idle because of a slip in the options.
  idleCpus: async () => undefined,
};

/** A run that uses some of the slots has the CPUs of those. Undefined in a step, where the affinity tells the same. */
export function grantOf({ host, ranks }: OccupiedHost): Granted | undefined {
  const { cpus: all, tasks = 1 } = nodeOfHost(host) ?? {};
  if (all === undefined) return undefined;
  const used = Math.min(tasks, host.slots, ranks.length);
  const threads = Math.max(1, Number(process.env["SLURM_CPUS_PER_TASK"]) || Math.floor(all / tasks));
  return { cpus: Math.max(1, Math.floor((all * used) / tasks)), threads };
}
