import type { RunOptions } from "../command/options.ts";
import { LaunchError, usageError } from "../errors/launch-error.ts";
import { count } from "../reports/table.ts";
import type { Allocation } from "./host.ts";
import { local } from "./local/allocation.ts";
import { named } from "./named/allocation.ts";
import { readHostFile } from "./named/host-file.ts";
import type { Placement } from "./placement.ts";
import { schedulers } from "./schedulers.ts";

/** The hosts that this job may use: those that the user named, those of the scheduler's job, or this machine. */
export async function allocate({ hosts, hostFile }: Pick<RunOptions, "hosts" | "hostFile">): Promise<Allocation> {
  if (hosts !== undefined && hostFile !== undefined) throw usageError("--hosts and --hostfile: say one of them");
  if (hosts !== undefined) return named(hosts, "--hosts");
  if (hostFile !== undefined) return named(readHostFile(hostFile), `--hostfile ${hostFile}`);
  for (const { allocation } of schedulers) {
    const found = await allocation.find();
    if (found !== undefined) return found;
  }
  return local();
}

/** @throws LaunchError when a host has more ranks than `max_slots` of the host file allows. */
export function refuseTooMany({ nodes }: Placement): void {
  for (const { host, ranks } of nodes) {
    if (host.most === undefined || ranks.length <= host.most) continue;
    throw new LaunchError(
      `${host.name} would have ${count(ranks.length, "rank")}, and max_slots=${host.most} in the host file allows ${host.most}: start fewer ranks, or name more hosts`,
    );
  }
}
