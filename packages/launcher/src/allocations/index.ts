import type { Allocation } from "../host.ts";
import { named } from "./hosts.ts";
import { local } from "./local.ts";
import { pbs } from "./pbs.ts";

/** Who may know of hosts, in the order of asking. Each gives hosts, or undefined when it has nothing to say here. */
const allocations: readonly (() => Allocation | undefined | Promise<Allocation | undefined>)[] = [pbs, local];

/** The hosts that this job may use: those that the user named, or what is found around us. */
export async function allocate(hosts: readonly { name: string; slots: number }[] | undefined): Promise<Allocation> {
  if (hosts !== undefined) return named(hosts);
  for (const ask of allocations) {
    const allocation = await ask();
    if (allocation !== undefined) return allocation;
  }
  throw new Error("unreachable: local() always answers");
}
