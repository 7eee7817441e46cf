import type { BindTo, MapBy } from "../command/options.ts";
import { usageError } from "../errors/launch-error.ts";
import type { Allocation, Host } from "./host.ts";
import { readRankFile } from "./rank-file.ts";

/** Which ranks run where. */
export interface Placement {
  size: number;
  /** All slots of the allocation, used or not. */
  slots: number;
  /** Only hosts with ranks, in the order of the allocation; `node` is the index in this list. */
  nodes: PlacedHost[];
}

export interface PlacedHost {
  host: Host;
  ranks: number[];
  /** The CPUs of these ranks, where a rank file names some. */
  cpus?: Record<number, number[]>;
}

/** How ranks are given to hosts. Default: one slot after the other. */
export interface Mapping {
  mapBy?: MapBy;
  ranksPerHost?: number | undefined;
  rankFile?: string | undefined;
  bindTo?: BindTo | undefined;
}

/**
 * Gives ranks 0, 1, 2... the slots in order, as mpiexec does. With more ranks than slots it starts again at the first slot.
 *
 * @throws LaunchError when the wishes do not fit together.
 */
export function place(
  allocation: Pick<Allocation, "hosts" | "order">,
  ranks?: number,
  mapping: Mapping = {},
): Placement {
  const { hosts, order } = allocation;
  const seats = mapping.rankFile === undefined ? undefined : seatsOf(mapping.rankFile, hosts, ranks, mapping);
  const slots = slotOrder(allocation, mapping);
  const size = seats?.length ?? ranks ?? slots.length;
  if (mapping.ranksPerHost !== undefined && size > slots.length)
    throw usageError(
      `-n ${size}: --ranks-per-host ${mapping.ranksPerHost} on ${hosts.length} host${hosts.length === 1 ? "" : "s"} leaves room for ${slots.length} ranks`,
    );
  const nodes = hosts.map((host): PlacedHost => ({ host, ranks: [] }));
  const nodeOf = new Map(nodes.map((node) => [node.host, node]));
  for (let rank = 0; rank < size; rank++) {
    const seat = seats?.[rank];
    const node = nodeOf.get(seat?.host ?? slots[rank % slots.length]!)!;
    node.ranks.push(rank);
    if (seat?.cpus !== undefined) node.cpus = { ...node.cpus, [rank]: seat.cpus };
  }
  const all = order?.length ?? hosts.reduce((sum, host) => sum + host.slots, 0);
  return { size, slots: all, nodes: nodes.filter((node) => node.ranks.length > 0) };
}

/** The host of each slot, in the order in which ranks take them. */
function slotOrder({ hosts, order }: Pick<Allocation, "hosts" | "order">, { mapBy, ranksPerHost }: Mapping): Host[] {
  const slotsOf = (host: Host): number => ranksPerHost ?? host.slots;
  if (mapBy === "host") {
    const rounds = Math.max(...hosts.map(slotsOf));
    return Array.from({ length: rounds }, (_, round) => hosts.filter((host) => slotsOf(host) > round)).flat();
  }
  if (order !== undefined && ranksPerHost === undefined) return order;
  return hosts.flatMap((host) => new Array<Host>(slotsOf(host)).fill(host));
}

function seatsOf(
  path: string,
  hosts: readonly Host[],
  ranks: number | undefined,
  { mapBy = "slot", ranksPerHost, bindTo }: Mapping,
): ReturnType<typeof readRankFile> {
  if (mapBy !== "slot" || ranksPerHost !== undefined)
    throw usageError("--rankfile says where each rank runs: leave out --map-by and --ranks-per-host");
  const seats = readRankFile(path, hosts);
  if (bindTo !== undefined && seats.some(({ cpus }) => cpus !== undefined))
    throw usageError(`--bind-to ${bindTo}: --rankfile ${path} binds ranks already (slot=): say one of them`);
  if (ranks !== undefined && ranks !== seats.length)
    throw usageError(`-n ${ranks}: --rankfile ${path} has ${seats.length} ranks`);
  return seats;
}
