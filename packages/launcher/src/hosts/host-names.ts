import { sameHost } from "../system/this-host.ts";

/** A message lists at most this many hosts. */
const mostListed = 8;

/** The host in the scheduler's own spelling; undefined for a host that is not among its `own`. */
export function spelling(own: readonly string[], name: string): string | undefined {
  return own.includes(name) ? name : own.find((host) => sameHost(host, name));
}

/** The first hosts of a list, for a message. */
export function listed(hosts: readonly string[]): string {
  const more = hosts.length - mostListed;
  return `${hosts.slice(0, mostListed).join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
}
