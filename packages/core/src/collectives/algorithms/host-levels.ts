/** Which ranks share a host. */
export interface Hosts {
  /** How many hosts there are. */
  readonly count: number;
  /** The ranks of each host, ascending; hosts in the order of their lowest rank. */
  readonly members: readonly (readonly number[])[];
  /** The most ranks on one host. */
  readonly largest: number;
  /** Whether each host has consecutive ranks, so that going host by host keeps the order of ranks. */
  readonly blocks: boolean;
}

// A communicator passes the same array at each call.
const known: WeakMap<readonly number[], Hosts> = new WeakMap();

export function hostsOf(hosts: readonly number[]): Hosts {
  let found = known.get(hosts);
  if (found === undefined) {
    found = group(hosts);
    known.set(hosts, found);
  }
  return found;
}

/** The lowest rank of each host. */
export function firstOfHosts(hosts: readonly number[]): number[] {
  return hostsOf(hosts).members.map(([first]) => first as number);
}

function group(hosts: readonly number[]): Hosts {
  const byHost = new Map<number, number[]>();
  let changes = 0;
  hosts.forEach((host, rank) => {
    const members = byHost.get(host);
    if (members === undefined) byHost.set(host, [rank]);
    else members.push(rank);
    if (rank > 0 && host !== hosts[rank - 1]) changes++;
  });
  const members = [...byHost.values()];
  const largest = members.reduce((most, ranks) => Math.max(most, ranks.length), 0);
  return { count: members.length, members, largest, blocks: changes === members.length - 1 };
}

/** The two levels of a two-level algorithm, as seen by one rank. */
export interface Levels {
  /** The ranks of this rank's host. */
  readonly members: readonly number[];
  /** The leader of this host: `root` on its own host, the lowest rank elsewhere. */
  readonly leader: number;
  /** The leaders of all hosts, in the order of hosts. */
  readonly leaders: readonly number[];
}

export function levels(hosts: readonly number[], rank: number, root: number): Levels {
  const { members } = hostsOf(hosts);
  const leaderOf = (ranks: readonly number[]): number =>
    hosts[ranks[0] as number] === hosts[root] ? root : (ranks[0] as number);
  const mine = members.find((ranks) => hosts[ranks[0] as number] === hosts[rank]) as readonly number[];
  return { members: mine, leader: leaderOf(mine), leaders: members.map(leaderOf) };
}
