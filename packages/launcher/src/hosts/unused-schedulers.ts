import type { RunOptions } from "../command/options.ts";
import type { Allocation } from "./host.ts";
import { schedulerHere, schedulers } from "./schedulers.ts";

/** A sentence for each scheduler that has a job around this process whose hosts are not used, with what would use them. */
export function unusedSchedulers(
  { hosts, hostFile }: Pick<RunOptions, "hosts" | "hostFile">,
  allocation: Allocation,
): string[] {
  const used = allocation.hosts.some(({ place }) => place !== undefined) ? schedulerHere() : undefined;
  const option = hosts === undefined ? "--hostfile" : "--hosts";
  const way =
    hosts === undefined && hostFile === undefined
      ? `unset ${used?.jobVariables.join(" ")} before tsmpi`
      : `leave ${option} out`;
  return schedulers
    .filter((each) => each !== used && each.isHere())
    .map(
      ({ name, jobVariables: [job] }) =>
        `${name} job ${process.env[job]} is not used, because the hosts come from ${allocation.source}: to use it, ${way}`,
    );
}
