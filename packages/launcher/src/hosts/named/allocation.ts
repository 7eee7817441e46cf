import { nameOfHere } from "../../system/this-host.ts";
import type { Allocation, Host } from "../host.ts";
import { placeAmong } from "../pbs/allocation.ts";
import { ownLines } from "../pbs/own-lines.ts";

/** Hosts that the user named: `--hosts a:4,b:4`. Those that belong to the PBS job around us can be reached through it. */
export async function named(wanted: readonly { name: string; slots: number }[]): Promise<Allocation> {
  const { PBS_JOBID: job } = process.env;
  const here = await nameOfHere(wanted.map(({ name }) => name));
  const own = (job === undefined ? undefined : await ownLines(job)) ?? [];
  const ownHere = here === undefined || placeAmong(own, here) ? here : await nameOfHere([...new Set(own)]);
  const hosts = wanted.map(({ name, slots }): Host => {
    const place = placeAmong(own, name);
    const { lines } = placeAmong(own, name === here ? (ownHere ?? "") : name) ?? {}; // "localhost" is the job's, too
    return { name, slots, here: name === here, ...place, ...(lines === undefined ? {} : { lines }) };
  });
  return { hosts, granted: true, source: "--hosts" };
}
