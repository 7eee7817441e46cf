import { LaunchError, usageError } from "../errors/launch-error.ts";
import type { Host } from "./host.ts";
import { inThisProcess } from "./local/starter.ts";
import { pbsdsh } from "./pbs/starter.ts";
import type { Starter } from "./starter.ts";

const starters: readonly Starter[] = [inThisProcess, pbsdsh];

/** The first starter that can start an agent on this host, or the one with this name. */
export function starterFor(host: Host, name?: string): Starter {
  const candidates = starters.filter((each) => name === undefined || each.name === name);
  if (candidates.length === 0) {
    throw usageError(`--starter ${name}: there are ${starters.map((each) => each.name).join(" and ")}`);
  }
  const starter = candidates.find((each) => each.serves(host));
  if (starter !== undefined) return starter;
  if (name !== undefined) throw new LaunchError(`${name} cannot start processes on ${host.name}`);
  throw new LaunchError(
    `nothing here can start processes on ${host.name}: it is not this host, and not one of a PBS job's that we are in`,
  );
}
