import type { RunOptions } from "../command/options.ts";
import type { Granted } from "../link/messages.ts";
import type { Allocation } from "./host.ts";
import type { Placement } from "./placement.ts";
import type { OccupiedHost } from "./scheduler.ts";
import { schedulerHere } from "./schedulers.ts";
import { cpusOfSlot } from "./task.ts";

/** Asks the scheduler in advance for what {@link grantsFor} will need. */
export function prepareGrants(hosts: readonly OccupiedHost[]): void {
  schedulerHere()?.grants.prepare(hosts);
}

/** What the scheduler gave the job on each of these hosts; undefined where it does not say. */
export async function grantsFor(hosts: readonly OccupiedHost[]): Promise<(Granted | undefined)[]> {
  return schedulerHere()?.grants.of(hosts) ?? hosts.map(() => undefined);
}

/** Whether ranks share slots, and have no CPU each either. */
export function isCrowded({ host, ranks }: Placement["nodes"][number], granted: Granted | undefined): boolean {
  return ranks.length > host.slots && ranks.length > (granted?.cpus ?? 0);
}

/** The same for a whole job, as far as the launcher's own host tells: the agents of other hosts are not there yet. */
export function looksCrowded({ nodes }: Placement): boolean {
  const grants = schedulerHere()?.grants;
  return nodes.some((node) =>
    isCrowded(node, node.host.here ? grants?.here({ ...node, cpusOfSlot: cpusOfSlot() }) : undefined),
  );
}

/** A warning for a job that leaves most of its CPUs idle because its slots were not asked for; undefined for others. */
export async function idleCpus(options: RunOptions, allocation: Allocation): Promise<string | undefined> {
  return schedulerHere()?.grants.idleCpus(options, allocation);
}
