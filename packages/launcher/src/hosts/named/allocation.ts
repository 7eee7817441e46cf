import { userInfo } from "node:os";
import type { NamedHost } from "../../command/option-values.ts";
import { usageError } from "../../errors/launch-error.ts";
import { nameOfHere } from "../../system/this-host.ts";
import type { Allocation, Host } from "../host.ts";
import { schedulerHere } from "../schedulers.ts";

/**
 * Hosts that the user named, `--hosts a:4,b:4` or a file of them; `source` is which. Those that belong to the scheduler's
 * job can be reached through it, all others by ssh.
 */
export async function named(wanted: readonly NamedHost[], source: string): Promise<Allocation> {
  const names = [...new Set(wanted.map(({ name }) => name))];
  const here = await nameOfHere(names);
  const scheduler = schedulerHere();
  const places = await scheduler?.allocation.placesOf(names, here);
  const hosts = new Map<string, Host>();
  const order = wanted.flatMap((each) => {
    const known = hosts.get(each.name);
    const host = known ?? { name: each.name, slots: 0, here: each.name === here, ...place(places?.get(each.name)) };
    hosts.set(each.name, addTo(host, each, source));
    return new Array<Host>(each.slots).fill(host);
  });
  const foreign = [...hosts.values()].filter((host) => host.place === undefined && !host.here);
  const warnings =
    scheduler === undefined || foreign.length === 0 ? {} : { warnings: [describeForeign(foreign, scheduler.name)] };
  return { hosts: [...hosts.values()], order, granted: true, source, ...warnings };
}

function place(found: object | undefined): Pick<Host, "place"> {
  return found === undefined ? {} : { place: found };
}

/** Adds one more mention of a host to it. */
function addTo(host: Host, { name, slots, user, most }: NamedHost, source: string): Host {
  const other = user === undefined || user === userInfo().username ? undefined : user;
  if (host.slots > 0 && other !== host.user)
    throw usageError(`${source}: ${name} is named with two users: a job has one agent on a host`);
  host.slots += slots;
  if (other !== undefined) host.user = other;
  if (most !== undefined) host.most = (host.most ?? 0) + most;
  return host;
}

function describeForeign(foreign: readonly Host[], scheduler: string): string {
  const names = foreign.map(({ name }) => name).join(", ");
  const [are, hosts] = foreign.length === 1 ? ["is", "no host"] : ["are", "no hosts"];
  return `${names} ${are} ${hosts} of the ${scheduler} job around tsmpi: ssh starts processes there`;
}
