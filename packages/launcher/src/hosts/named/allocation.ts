import { nameOfHere } from "../../system/this-host.ts";
import type { Allocation, Host } from "../host.ts";
import { schedulerHere } from "../schedulers.ts";

/** Hosts that the user named: `--hosts a:4,b:4`. Those that belong to the scheduler's job can be reached through it. */
export async function named(wanted: readonly { name: string; slots: number }[]): Promise<Allocation> {
  const names = wanted.map(({ name }) => name);
  const here = await nameOfHere(names);
  const places = await schedulerHere()?.allocation.placesOf(names, here);
  const hosts = wanted.map(({ name, slots }): Host => {
    const place = places?.get(name);
    return { name, slots, here: name === here, ...(place === undefined ? {} : { place }) };
  });
  return { hosts, granted: true, source: "--hosts" };
}
