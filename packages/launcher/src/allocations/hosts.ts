import { nameOfHere } from "../here.ts";
import type { Allocation, Host } from "../host.ts";
import { pbs } from "./pbs.ts";

/** Hosts that the user named: `--hosts a:4,b:4`. Those that belong to the PBS job around us can be reached through it. */
export async function named(wanted: readonly { name: string; slots: number }[]): Promise<Allocation> {
  const here = await nameOfHere(wanted.map(({ name }) => name));
  const job = wanted.every(({ name }) => name === here) ? undefined : await pbs();
  const hosts = wanted.map(({ name, slots }): Host => {
    const known = job?.hosts.find((host) => sameHost(host.name, name));
    return { name, slots, here: name === here, ...(known?.line === undefined ? {} : { line: known.line }) };
  });
  return { hosts, granted: true, source: "--hosts" };
}

/** A short name means the host with that name in some domain. */
function sameHost(a: string, b: string): boolean {
  const [first, second] = [a.toLowerCase(), b.toLowerCase()];
  return first === second || first.startsWith(`${second}.`) || second.startsWith(`${first}.`);
}
