import { lookup } from "node:dns/promises";
import { hostname, networkInterfaces } from "node:os";
import { within } from "@tsmpi/core/bootstrap";

/** Longest wait for a name server. Without an answer the launcher's own host is started like any other. */
const lookupMs = 1000;

/**
 * Which of these host names means this machine; undefined if none is known to. Schedulers may write short names where `hostname`
 * has the full one, full names where it has the short one, or addresses.
 */
export async function nameOfHere(names: readonly string[]): Promise<string | undefined> {
  const own = hostname().toLowerCase();
  const exact = names.find((name) => name.toLowerCase() === own);
  if (exact !== undefined) return exact;
  const addresses = ownAddresses();
  const literal = names.find((name) => addresses.has(name) || name.toLowerCase() === "localhost");
  if (literal !== undefined) return literal;
  // n1.rack1 and n1.rack2 are two machines: a short name decides only if one name is like it.
  const similar = names.filter((name) => short(name) === short(own) && (!name.includes(".") || !own.includes(".")));
  if (similar.length === 1) return similar[0];
  const found = await Promise.all(names.map((name) => leadsHere(name, addresses)));
  return names.find((_, index) => found[index]);
}

async function leadsHere(name: string, own: ReadonlySet<string>): Promise<boolean> {
  return (await addressesOf(name)).some((address) => own.has(address));
}

/** The addresses of a host name; none if it is not known. */
async function addressesOf(name: string): Promise<string[]> {
  const found = await within(lookupMs, lookup(name, { all: true })).catch(() => []);
  return (found ?? []).map(({ address }) => address);
}

/** Whether two names mean one host: a short name is equal to that name in any domain. */
export function sameHost(a: string, b: string): boolean {
  const [first, second] = [a.toLowerCase(), b.toLowerCase()];
  return first === second || first.startsWith(`${second}.`) || second.startsWith(`${first}.`);
}

/** A machine's own name and addresses. */
export interface Machine {
  name: string;
  addresses: string[];
}

export function thisMachine(): Machine {
  return { name: hostname(), addresses: [...ownAddresses()] };
}

/**
 * Whether a machine is certainly not the host of this name: it is another one of `others`, or has none of the name's addresses.
 * Another name alone proves nothing, because schedulers have their own names for hosts.
 */
export async function isAnotherHost(machine: Machine, name: string, others: readonly string[]): Promise<boolean> {
  if (sameHost(machine.name, name) || machine.addresses.includes(name)) return false;
  if (others.some((other) => other !== name && sameHost(machine.name, other))) return true;
  const found = await addressesOf(name);
  return found.length > 0 && !found.some((address) => machine.addresses.includes(address));
}

function short(name: string): string {
  return name.toLowerCase().split(".")[0]!;
}

function ownAddresses(): Set<string> {
  return new Set(Object.values(networkInterfaces()).flatMap((all) => (all ?? []).map(({ address }) => address)));
}
