import type { RunOptions } from "../command/options.ts";
import { LaunchError, usageError } from "../errors/launch-error.ts";
import type { Allocation } from "./host.ts";
import { local } from "./local/allocation.ts";
import { named } from "./named/allocation.ts";
import { schedulerHere, schedulers } from "./schedulers.ts";

/** The hosts that this job may use: those that the user named, those of the scheduler's job, or this machine. */
export async function allocate({ hosts, hostFile }: Pick<RunOptions, "hosts" | "hostFile">): Promise<Allocation> {
  if (hosts !== undefined && hostFile !== undefined) throw usageError("--hosts and --hostfile: say one of them");
  if (hosts !== undefined) return named(hosts);
  if (hostFile !== undefined) return fromFile(hostFile);
  for (const { allocation } of schedulers) {
    const found = await allocation.find();
    if (found !== undefined) return found;
  }
  return local();
}

async function fromFile(path: string): Promise<Allocation> {
  const scheduler = schedulerHere();
  if (scheduler !== undefined) return scheduler.allocation.fromFile(path);
  const names = schedulers.map(({ name }) => name).join(" or ");
  throw new LaunchError(
    `--hostfile ${path}: hosts cannot be started outside a ${names} job yet; start tsmpi from a job script, or leave it out to run on this machine`,
  );
}
