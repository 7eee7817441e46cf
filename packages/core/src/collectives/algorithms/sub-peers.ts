import type { Peers } from "../../wire/peers.ts";

/** A subset of the ranks as peers of their own, numbered by their index in `ranks`. Includes this rank. */
export function within(peers: Peers, ranks: readonly number[]): Peers {
  const world = (rank: number): number => ranks[rank] as number;
  return {
    rank: ranks.indexOf(peers.rank),
    size: ranks.length,
    hosts: ranks.map((rank) => peers.hosts[rank] as number),
    send: (dest, parcel) => peers.send(world(dest), parcel),
    recv: (source) => peers.recv(world(source)),
    take: (source, use, into) => peers.take(world(source), use, into),
  };
}
