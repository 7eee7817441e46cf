import { BlockList, isIPv6 } from "node:net";
import { networkInterfaces } from "node:os";
import { usageError } from "../errors/launch-error.ts";

/**
 * The addresses at which other hosts may reach this one. `only`, the name of an interface or a CIDR, selects one address.
 * Otherwise a try shows which of them work: names and address ranges of bridges, virtual machines and management networks
 * differ from site to site.
 *
 * @throws LaunchError if no address of this host matches `only`.
 */
export function usableAddresses(only: string | undefined): string[] {
  const all = Object.entries(networkInterfaces()).flatMap(([name, found]) =>
    (found ?? []).map(({ address, internal }) => ({ name, address, internal })),
  );
  // A link-local address works only together with an interface's name on the connecting host.
  const candidates = all.filter(({ internal, address }) => !internal && !address.startsWith("fe80:"));
  if (only === undefined) return candidates.map(({ address }) => address);
  const contains = network(only);
  const chosen = all.find(({ name, address }) =>
    contains === undefined ? name === only && !address.startsWith("fe80:") : contains(address),
  );
  if (chosen !== undefined) return [chosen.address];
  const known = all.map(({ name, address }) => `${name} ${address}`).join(", ");
  throw usageError(`--interface ${only}: this host has no such network (${known})`);
}

/** A test whether an address is in the network; undefined if `text` is not a CIDR. */
function network(text: string): ((address: string) => boolean) | undefined {
  const [, address, bits] = /^([\d.]+|[\da-fA-F:.]*:[\da-fA-F:.]*)\/(\d+)$/.exec(text) ?? [];
  if (address === undefined) return undefined;
  const list = new BlockList();
  try {
    list.addSubnet(address, Number(bits), family(address));
  } catch {
    throw usageError(`--interface ${text}: a network is written like 10.1.0.0/16`);
  }
  return (each) => list.check(each, family(each));
}

function family(address: string): "ipv4" | "ipv6" {
  return isIPv6(address) ? "ipv6" : "ipv4";
}

export function isLoopback(address: string): boolean {
  return address === "::1" || address.startsWith("127.");
}

/** Address and port as one word. */
export function endpoint(address: string, port: number): string {
  return `${isIPv6(address) ? `[${address}]` : address}:${port}`;
}

/** The inverse of {@link endpoint}. */
export function parseEndpoint(text: string): { host: string; port: number } {
  const colon = text.lastIndexOf(":");
  return { host: text.slice(0, colon).replace(/^\[|\]$/g, ""), port: Number(text.slice(colon + 1)) };
}

/** Removes the `::ffff:` that Node puts before IPv4 addresses of a socket for both families. */
export function plainAddress(address: string): string {
  return address.replace(/^::ffff:(?=\d+\.)/, "");
}
