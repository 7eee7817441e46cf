import type { BindTo, MapBy } from "../command/options.ts";
import { count as counted } from "../reports/table.ts";
import type { Cpu } from "../system/topology.ts";

/** The CPUs of one rank. */
export interface Binding {
  /** Those that it may use. */
  cpus: number[];
  /** How many threads it may run without slowing down another rank. */
  threads: number;
  /** Those that no rank of another job is to be bound to. */
  claimed: number[];
}

/** A part of a machine: all CPUs of a NUMA domain or a socket. */
type Part = Extract<BindTo & MapBy, "numa" | "socket">;

const isPart = (word: BindTo | MapBy): word is Part => word === "numa" || word === "socket";

/**
 * Shares CPUs out among the `count` ranks of a host, in their order. `cpus` are in the order of their places.
 *
 * ```text
 *          4 cores in 2 domains   | 0 1 | 2 3 |
 * core                              0 1   2 3     a core for each rank, with all its hardware threads
 * core, mapped by numa              0 2   1 3     ranks go round the domains
 * share, 2 ranks                    0 0   1 1     equal parts; parts of one CPU where there are more ranks than cores
 * numa                             01 01 23 23    all of the domain that its share begins in
 * ```
 * @throws Error when `core` has more ranks than cores. Never empty: more ranks than CPUs take turns on them.
 */
export function bindRanks(
  bindTo: Exclude<BindTo, "none">,
  mapBy: MapBy,
  count: number,
  cpus: readonly Cpu[],
): Binding[] {
  const parts = isPart(mapBy) ? partsOf(cpus, mapBy) : [cpus];
  const seats = deal(count, parts, bindTo === "core");
  const bindings = parts.map((part, index) => {
    const own = seats.filter((seat) => seat === index).length;
    return bindTo === "core" ? coresOf(part) : shares(own, part);
  });
  const taken = parts.map(() => 0);
  const shared = seats.map((part) => bindings[part]![taken[part]!++]!);
  if (!isPart(bindTo)) return shared.map((own) => asBinding(own, own.length, own));
  const wholes = shared.map(([first]) => cpus.filter((cpu) => cpu[bindTo] === first![bindTo]));
  return wholes.map((whole, index) => {
    const ranks = wholes.filter(([first]) => first === whole[0]).length;
    const core = shared[index]!.filter((cpu) => cpu.core === shared[index]![0]!.core);
    return asBinding(whole, Math.max(1, Math.floor(whole.length / ranks)), core);
  });
}

function asBinding(cpus: readonly Cpu[], threads: number, claimed: readonly Cpu[]): Binding {
  const ids = (list: readonly Cpu[]): number[] => list.map(({ id }) => id).sort((a, b) => a - b);
  return { cpus: ids(cpus), threads, claimed: ids(claimed) };
}

/** The part of each rank. Ranks go round the parts; with `whole` a part takes no more ranks than it has cores. */
function deal(count: number, parts: readonly (readonly Cpu[])[], whole: boolean): number[] {
  const room = parts.map((part) => (whole ? coresOf(part).length : Number.POSITIVE_INFINITY));
  const seats: number[] = [];
  for (let next = 0; seats.length < count; next = (next + 1) % parts.length) {
    if (room.every((left) => left === 0))
      throw new Error(`${counted(count, "rank")}, and ${counted(seats.length, "core")} for them`);
    if (room[next]!-- > 0) seats.push(next);
    else room[next] = 0;
  }
  return seats;
}

/** Equal shares: of cores where there are enough for all ranks, else of CPUs, else one CPU for several ranks. */
function shares(count: number, cpus: readonly Cpu[]): Cpu[][] {
  const cores = coresOf(cpus);
  const units = cores.length >= count ? cores : cpus.map((cpu) => [cpu]);
  return Array.from({ length: count }, (_, index) => {
    const [first, end] = [index, index + 1].map((each) => Math.floor((each * units.length) / count));
    return units.slice(first, Math.max(first! + 1, end!)).flat();
  });
}

function coresOf(cpus: readonly Cpu[]): Cpu[][] {
  return groups(cpus, ({ core }) => core);
}

function partsOf(cpus: readonly Cpu[], part: Part): Cpu[][] {
  return groups(cpus, (cpu) => cpu[part]);
}

/** CPUs with the same key, in the order of their first. */
function groups(cpus: readonly Cpu[], key: (cpu: Cpu) => number): Cpu[][] {
  const found = new Map<number, Cpu[]>();
  for (const cpu of cpus) found.set(key(cpu), [...(found.get(key(cpu)) ?? []), cpu]);
  return [...found.values()];
}
