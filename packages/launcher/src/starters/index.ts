import type { Host } from "../host.ts";
import { LaunchError } from "../launch-error.ts";
import type { Starter } from "../starter.ts";
import { inThisProcess } from "./in-process.ts";

const starters: readonly Starter[] = [inThisProcess];

/** The first starter that can start an agent on this host. */
export function starterFor(host: Host): Starter {
  const starter = starters.find((each) => each.serves(host));
  if (starter === undefined) throw new LaunchError(`nothing here can start processes on ${host.name}`);
  return starter;
}
