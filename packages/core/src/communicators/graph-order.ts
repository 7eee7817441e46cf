import type { GraphNeighbors } from "../calls/options.ts";
import { best, type Pairs, roomOf } from "./host-order.ts";

/**
 * The order of a graph, in which rank `r` has described the neighbors of place `r`. Hosts are filled one after the other with
 * places that are near each other (greedy growing), then places are exchanged as long as that helps (Kernighan and Lin's step).
 */
export function graphOrder(lists: readonly GraphNeighbors[], hosts: readonly string[]): number[] {
  const pairs = graphPairs(lists);
  const weights = weightsOf(pairs, hosts.length);
  return best(pairs, hosts, [new Exchange(weights, grown(weights, hosts)).done()]);
}

export function graphPairs(lists: readonly GraphNeighbors[]): Pairs {
  return lists.flatMap(({ destinations }, place) =>
    destinations.flatMap((dest) => (dest === place ? [] : [[place, dest] as const])),
  );
}

/** For each place its neighbors, with how many pairs there are. */
type Weights = readonly ReadonlyMap<number, number>[];

function weightsOf(pairs: Pairs, size: number): Weights {
  const weights = Array.from({ length: size }, () => new Map<number, number>());
  for (const [a, b] of pairs) {
    weights[a]?.set(b, (weights[a].get(b) ?? 0) + 1);
    weights[b]?.set(a, (weights[b].get(a) ?? 0) + 1);
  }
  return weights;
}

/** What one place has to do with the host that is being filled. */
interface Candidate {
  place: number;
  /** Pairs with places of this host, and since which step there has been one. */
  here: number;
  since: number;
  /** Pairs with places that have no host yet. */
  left: number;
}

/** Takes size squared steps. */
function grown(weights: Weights, hosts: readonly string[]): string[] {
  const assignment = [...hosts];
  const candidates = weights.map((neighbors, place): Candidate => {
    const left = [...neighbors.values()].reduce((sum, each) => sum + each, 0);
    return { place, here: 0, since: Number.POSITIVE_INFINITY, left };
  });
  const free = new Set(candidates);
  for (const [host, room] of roomOf(hosts)) {
    for (const each of free) Object.assign(each, { here: 0, since: Number.POSITIVE_INFINITY });
    for (let step = 0; step < room; step++) {
      const next = nearest(free);
      free.delete(next);
      assignment[next.place] = host;
      for (const [other, weight] of weights[next.place]!) {
        const neighbor = candidates[other]!;
        neighbor.here += weight;
        neighbor.left -= weight;
        neighbor.since = Math.min(neighbor.since, step);
      }
    }
  }
  return assignment;
}

/**
 * The place with the most pairs with places of this host; of these, the one that has had one for the longest time, so that a
 * host's places form a round area and not a line. For an empty host: a place at the edge of what is left.
 */
function nearest(free: ReadonlySet<Candidate>): Candidate {
  let winner: Candidate | undefined;
  for (const each of free) if (winner === undefined || isNearer(each, winner)) winner = each;
  return winner!;
}

function isNearer(a: Candidate, b: Candidate): boolean {
  if (a.here !== b.here) return a.here > b.here;
  return a.since === b.since ? a.left < b.left : a.since < b.since;
}

/** How many pairs a place has with places of this host. */
function pairsWith(
  host: string | undefined,
  neighbors: ReadonlyMap<number, number>,
  assignment: readonly string[],
): number {
  let sum = 0;
  for (const [other, weight] of neighbors) if (assignment[other] === host) sum += weight;
  return sum;
}

/** Bounds the exchanges: about a second for thousands of ranks. */
const mostComparisons = 2e6;

/** Exchanges two places of different hosts as long as fewer pairs are between hosts then. */
class Exchange {
  readonly #weights: Weights;
  readonly #assignment: string[];
  #comparisons = 0;

  constructor(weights: Weights, assignment: string[]) {
    this.#weights = weights;
    this.#assignment = assignment;
  }

  done(): readonly string[] {
    const places = [...this.#assignment.keys()];
    while (places.filter((place) => this.#move(place)).length > 0) {} // each round has fewer pairs between hosts
    return this.#assignment;
  }

  /** Exchanges a place with the first one that it helps to exchange it with. */
  #move(place: number): boolean {
    const assignment = this.#assignment;
    const own = assignment[place]!;
    const wishes = new Set([...this.#weights[place]!.keys()].map((other) => assignment[other]!));
    wishes.delete(own);
    if (wishes.size === 0) return false;
    for (const [other, theirs] of assignment.entries()) {
      if (!wishes.has(theirs)) continue;
      if (++this.#comparisons > mostComparisons) return false;
      if (this.#gain(place, other) <= 0) continue;
      assignment[place] = theirs;
      assignment[other] = own;
      return true;
    }
    return false;
  }

  /** How many pairs fewer are between hosts after the exchange. A pair of the two themselves stays between hosts. */
  #gain(place: number, other: number): number {
    const [own, theirs] = [this.#assignment[place], this.#assignment[other]];
    const pairs = (at: number, host: string | undefined): number =>
      pairsWith(host, this.#weights[at]!, this.#assignment);
    const between = this.#weights[place]!.get(other) ?? 0;
    return pairs(place, theirs) - pairs(place, own) + pairs(other, own) - pairs(other, theirs) - 2 * between;
  }
}
