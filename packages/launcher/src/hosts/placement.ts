import type { Allocation, Host } from "./host.ts";

/** Which ranks run where. */
export interface Placement {
  size: number;
  /** All slots of the allocation, used or not. */
  slots: number;
  /** Only hosts with ranks, in the order of the allocation; `node` is the index in this list. */
  nodes: { host: Host; ranks: number[] }[];
}

/**
 * Gives ranks 0, 1, 2... the slots in order, as mpiexec does. With more ranks than slots it starts again at the first slot.
 */
export function place({ hosts, order }: Pick<Allocation, "hosts" | "order">, ranks?: number): Placement {
  const slots = order ?? hosts.flatMap((host) => new Array<Host>(host.slots).fill(host));
  const size = ranks ?? slots.length;
  const ranksOf = new Map<Host, number[]>(hosts.map((host) => [host, []]));
  for (let rank = 0; rank < size; rank++) ranksOf.get(slots[rank % slots.length]!)!.push(rank);
  const nodes = hosts.map((host) => ({ host, ranks: ranksOf.get(host)! })).filter((node) => node.ranks.length > 0);
  return { size, slots: slots.length, nodes };
}
