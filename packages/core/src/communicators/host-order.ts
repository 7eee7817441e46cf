/*
 * Renumbering for `reorder: true`: neighbors go to the same host as far as possible, because messages within a host pass
 * through memory. Every rank computes the same order from the same facts, with no message.
 *
 * A place is a rank of the new communicator. An order says for each place which rank of the old one takes it.
 */

/** Which places exchange data, each pair with both of its ends; more often when they exchange more. */
export type Pairs = readonly (readonly [place: number, other: number])[];

/** How many pairs of neighbors are on two hosts, where `hosts` has the host of each place. */
export function pairsBetweenHosts(pairs: Pairs, hosts: readonly unknown[]): number {
  return pairs.filter(([place, other]) => hosts[place] !== hosts[other]).length;
}

/** The order of the best of some assignments of hosts to places; the old order if none is better. */
export function best(pairs: Pairs, hosts: readonly string[], assignments: readonly (readonly string[])[]): number[] {
  let winner = hosts;
  let fewest = pairsBetweenHosts(pairs, hosts);
  for (const assignment of assignments) {
    const between = pairsBetweenHosts(pairs, assignment);
    if (between >= fewest) continue;
    [winner, fewest] = [assignment, between];
  }
  return seat(winner, hosts);
}

/** The rank for each place whose host is known. A rank keeps its number where its host has that place. */
function seat(assignment: readonly string[], hosts: readonly string[]): number[] {
  const free = new Map<string, number[]>();
  for (const [rank, host] of hosts.entries())
    if (assignment[rank] !== host) free.set(host, [...(free.get(host) ?? []), rank]);
  return assignment.map((host, place) => (hosts[place] === host ? place : (free.get(host)!.shift() as number)));
}

/** How many ranks each host has, in the order of hosts. */
export function roomOf(hosts: readonly string[]): Map<string, number> {
  const room = new Map<string, number>();
  for (const host of hosts) room.set(host, (room.get(host) ?? 0) + 1);
  return room;
}
