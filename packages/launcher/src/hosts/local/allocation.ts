import { hostname } from "node:os";
import { usableCpus } from "../../system/cpus.ts";
import type { Allocation } from "../host.ts";

/** No scheduler: this machine alone, with one slot for each CPU that this process may use. */
export function local(): Allocation {
  const { count, source } = usableCpus();
  return { hosts: [{ name: hostname(), slots: count, here: true }], granted: false, source };
}
