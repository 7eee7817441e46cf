import type { TypedArray } from "../../calls/typed-array.ts";
import { copy, decode, encode, ownOf, type Parcel } from "../../wire/codec/codec.ts";
import type { Peers } from "../../wire/peers.ts";
import { bruck } from "./allgather/bruck.ts";
import { ring } from "./allgather/ring.ts";
import { bcastParcel } from "./bcast.ts";
import { beside, type Exchange, type Here, ownBeside, type Posts, valuesIn } from "./board-exchange.ts";
import { type Algorithms, choose, factsOf } from "./choose.ts";
import { gatherParcels } from "./gather.ts";
import { levels } from "./host-levels.ts";
import { pack, unpack } from "./pack.ts";
import { within } from "./sub-peers.ts";

/** The values of all ranks in the order of ranks, on every rank. */
export async function allgather<T>(peers: Peers, value: T): Promise<T[]> {
  if (peers.size === 1) return [copy(value) as T];
  const parcels = await allgatherParcels(peers, encode(value));
  return parcels.map((parcel, rank) => (rank === peers.rank ? ownOf(parcel, value) : decode(parcel)) as T);
}

/** In shared memory: each rank posts its value and reads the others'. */
export function allgatherOnBoard<T>({ rank, size }: Here, value: T, into?: TypedArray): Exchange<T[] | TypedArray> {
  const give = beside(into, encode(value));
  const own = ownBeside(into, value) as T;
  const finish = (posts: Posts): T[] | TypedArray => valuesIn(rank, size, own, posts, into);
  return { give, to: "all", from: "all", finish };
}

/** The parcels of all ranks in the order of ranks. This rank's own parcel is the object that it gave. */
function allgatherParcels(peers: Peers, parcel: Parcel): Promise<Parcel[]> {
  return algorithms[choose("allgather", factsOf(peers))](peers, parcel);
}

const algorithms: { readonly [A in Algorithms["allgather"]]: (peers: Peers, parcel: Parcel) => Promise<Parcel[]> } = {
  bruck,
  ring,
  "two-level": twoLevel,
};

/**
 * Gather within each host, allgather among one leader per host, broadcast within each host.
 *
 * Source: MPICH allgather_intra_smp.c. With h hosts of q ranks, n bytes in all:
 * Cost: (2 ceil(lg q) + ceil(lg h)) alpha + n (h-1)/h beta between hosts, where a host receives the data once instead
 * of q times, + up to 2 n beta within a host. (A gather from at most 4 ranks goes straight: q - 1 in place of its lg q.)
 *
 *     host A   a | b       ab | -       abcd | -       abcd | abcd
 *     host B   c | d       cd | -       abcd | -       abcd | abcd
 */
async function twoLevel(peers: Peers, parcel: Parcel): Promise<Parcel[]> {
  const { members, leader, leaders } = levels(peers.hosts, peers.rank, 0);
  const host = within(peers, members);
  const ours = await gatherParcels(host, parcel, members.indexOf(leader));
  let all: Parcel | undefined;
  if (ours !== undefined) all = pack(await allgatherParcels(within(peers, leaders), pack(ours)));
  const byHost = unpack(await bcastParcel(host, all, members.indexOf(leader)), leaders.length);
  const parcels = new Array<Parcel>(peers.size);
  leaders.forEach((one, index) => {
    const ranks = levels(peers.hosts, one, 0).members;
    const theirs = unpack(byHost[index] as Parcel, ranks.length);
    ranks.forEach((rank, i) => {
      parcels[rank] = theirs[i] as Parcel;
    });
  });
  parcels[peers.rank] = parcel;
  return parcels;
}
