import type { RunOptions } from "../command/options.ts";
import { LaunchError, usageError } from "../errors/launch-error.ts";
import type { Allocation } from "./host.ts";
import { local } from "./local/allocation.ts";
import { named } from "./named/allocation.ts";
import { pbs } from "./pbs/allocation.ts";

/** Who may know of hosts, in the order of asking. Each gives hosts, or undefined when it has nothing to say here. */
const allocations: readonly (() => Allocation | undefined | Promise<Allocation | undefined>)[] = [pbs, local];

/** The hosts that this job may use: those that the user named, or what is found around us. */
export async function allocate({ hosts, hostFile }: Pick<RunOptions, "hosts" | "hostFile">): Promise<Allocation> {
  if (hosts !== undefined && hostFile !== undefined) throw usageError("--hosts and --hostfile: say one of them");
  if (hosts !== undefined) return named(hosts);
  if (hostFile !== undefined) return fromFile(hostFile);
  for (const ask of allocations) {
    const allocation = await ask();
    if (allocation !== undefined) return allocation;
  }
  throw new Error("unreachable: local() always answers");
}

async function fromFile(hostFile: string): Promise<Allocation> {
  if (process.env["PBS_JOBID"] === undefined) {
    throw new LaunchError(
      `--hostfile ${hostFile}: hosts cannot be started outside a PBS job yet; start tsmpi from a job script, or leave it out to run on this machine`,
    );
  }
  return (await pbs({ path: hostFile, name: "--hostfile" }))!;
}
