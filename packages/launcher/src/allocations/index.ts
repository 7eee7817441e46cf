import type { Allocation } from "../host.ts";
import { local } from "./local.ts";

/** Who may know of hosts, in the order of asking. Each gives hosts, or undefined when it has nothing to say here. */
const allocations: readonly (() => Allocation | undefined)[] = [local];

/** The hosts that this job may use. */
export function allocate(): Allocation {
  for (const ask of allocations) {
    const allocation = ask();
    if (allocation !== undefined) return allocation;
  }
  throw new Error("unreachable: local() always answers");
}
