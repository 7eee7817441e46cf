import { hostname } from "node:os";
import { LaunchError } from "../errors/launch-error.ts";
import type { Granted } from "../link/messages.ts";
import { nameOfHere } from "../system/this-host.ts";
import { hasGivenValue } from "./first-process.ts";
import type { Allocation, Host } from "./host.ts";
import { placesNamed } from "./host-names.ts";
import { takeOwn } from "./host-variables.ts";
import type { AllocationSource, Grants, OccupiedHost, Task } from "./scheduler.ts";

/*
 * The parts of a scheduler that tells no more than a list of hosts with their slots, and whose slots are CPUs.
 */

/** Hosts and their slots, in the scheduler's order, and for people where that is from. */
export interface SlotList {
  slots: readonly (readonly [name: string, slots: number])[];
  source: string;
}

/** `Host.place` of such a host. */
export class ListedHost {
  readonly scheduler: string;
  /** In the scheduler's spelling. */
  readonly name: string;
  readonly slots: number;

  constructor(scheduler: string, name: string, slots: number) {
    this.scheduler = scheduler;
    this.name = name;
    this.slots = slots;
  }
}

/** Undefined for a host that this scheduler has not given. */
export function listedHost({ place }: Host, scheduler: string): ListedHost | undefined {
  return place instanceof ListedHost && place.scheduler === scheduler ? place : undefined;
}

/** `read` gives the job's list; undefined outside a job. It throws a LaunchError where the list cannot be had. */
export function allocationFrom(scheduler: string, read: () => SlotList | undefined): AllocationSource {
  return {
    async find(): Promise<Allocation | undefined> {
      const list = read();
      if (list === undefined) return undefined;
      const places = placesIn(scheduler, list);
      const here = await nameOfHere([...places.keys()]);
      const hosts = [...places.values()].map(
        (place): Host => ({ name: place.name, slots: place.slots, here: place.name === here, place }),
      );
      return { hosts, granted: true, source: list.source };
    },
    async placesOf(names, here): Promise<ReadonlyMap<string, ListedHost>> {
      const list = read();
      const places = list === undefined ? new Map<string, ListedHost>() : placesIn(scheduler, list);
      return placesNamed(names, here, places, nameOfHere);
    },
  };
}

/** By name. A host may be in the list several times. */
function placesIn(scheduler: string, { slots, source }: SlotList): Map<string, ListedHost> {
  const counts = new Map<string, number>();
  for (const [name, count] of slots) counts.set(name, (counts.get(name) ?? 0) + count);
  if (counts.size === 0) throw new LaunchError(`${source} names no host`);
  return new Map([...counts].map(([name, count]) => [name, new ListedHost(scheduler, name, count)]));
}

/** The list of a job on this host alone. */
export function onlyHere(slots: number, source: string): SlotList {
  return { slots: [[hostname(), slots]], source };
}

/** Each slot is a CPU, for one thread. */
export function grantsFrom(scheduler: string): Grants {
  const grantOf = ({ host, ranks }: OccupiedHost): Granted | undefined => {
    const place = listedHost(host, scheduler);
    return place && { cpus: Math.max(1, Math.min(place.slots, host.slots, ranks.length)), threads: 1 };
  };
  return {
    prepare: () => {},
    of: async (hosts) => hosts.map(grantOf),
    here: grantOf,
    idleCpus: async () => undefined,
  };
}

/** Variables that are the host's own: the agent has them, and its ranks get them, unless the user has chosen others. */
export function taskFrom(jobVariable: string, directory: string, ofHost: readonly string[]): Task {
  return {
    keepsSessions: false,
    signalsRanks: false,
    keyVariables: { directory },
    isInteractive: () => false,
    startedBy: () => undefined,
    cpusOfSlot: () => undefined,
    cleanVariables: (variables) => variables,
    describe: (given) => ofHost.filter((name) => given[name] === undefined && hasGivenValue(name, jobVariable)),
    variablesThere(variables, described) {
      const result = { ...variables };
      for (const name of described as string[]) takeOwn(result, name, process.env);
      return result;
    },
  };
}
