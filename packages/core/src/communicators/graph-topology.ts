import { checkRank, show } from "../calls/check.ts";
import { MpiError } from "../calls/errors.ts";
import type { GraphNeighbors } from "../calls/options.ts";
import type { Neighborhood } from "../collectives/algorithms/neighborhood.ts";

/** The neighbors that a rank gave, as two lists: a single list is both. */
export function asNeighbors(given: readonly number[] | GraphNeighbors, size: number): GraphNeighbors {
  const lists = typeof given === "object" && given !== null && "destinations" in given;
  const { destinations, sources } = lists ? given : { destinations: given, sources: given };
  for (const list of [destinations, sources]) {
    if (list === undefined) continue;
    if (!Array.isArray(list))
      throw new MpiError("invalid-argument", `neighbours are an array of ranks, not ${show(list)}`);
    for (const rank of list) checkRank("a neighbour", rank, size);
  }
  return { destinations, sources };
}

/**
 * The neighbors of rank `me` in the graph of all ranks' lists.
 *
 * @throws MpiError `mismatch`, the same on every rank, when an edge is named by one of its ends alone
 */
export function neighborhood(lists: readonly GraphNeighbors[], me: number): Neighborhood {
  const incoming = lists.map((): number[] => []);
  for (const [rank, { destinations }] of lists.entries()) {
    for (const dest of destinations) incoming[dest]?.push(rank); // in the order of ranks
  }
  for (const [rank, { sources }] of lists.entries()) {
    if (sources === undefined || sameRanks(sources, incoming[rank] as number[])) continue;
    const have = (incoming[rank] as number[]).join(", ");
    throw new MpiError(
      "mismatch",
      `rank ${rank} names as sources [${sources.join(", ")}], but those that send to it are [${have}]`,
    );
  }
  const { destinations, sources = incoming[me] as number[] } = lists[me] as GraphNeighbors;
  return { destinations, sources, order: sources.map((_, index) => index) };
}

function sameRanks(a: readonly number[], b: readonly number[]): boolean {
  const sorted = a.toSorted((x, y) => x - y);
  return a.length === b.length && sorted.every((rank, index) => rank === b[index]);
}
