import type { TypedArray } from "../../calls/typed-array.ts";
import { byteLength, copy, decode, encode, type Parcel } from "../../wire/codec/codec.ts";
import type { Peers } from "../../wire/peers.ts";
import { type Exchange, type Here, ownBeside, type Posts, Values, valuesIn } from "./board-exchange.ts";
import { type Algorithms, choose, direct, factsOf } from "./choose.ts";
import { pack, unpack } from "./pack.ts";
import { isNothing, nothing } from "./raw-parcel.ts";
import { requireParts } from "./require-parts.ts";

/**
 * The parts for this rank, in the order of their senders: rank s sends its `parts[r]` to rank r.
 *
 * @throws MpiError `invalid-argument` when there are not as many parts as ranks.
 */
export async function alltoall<T>(peers: Peers, parts: readonly T[]): Promise<T[]> {
  const { rank, size } = peers;
  const given = requireParts("alltoall", parts, size);
  const own = copy(given[rank]) as T;
  if (size === 1) return [own];
  const parcels = given.map((part, r) => (r === rank ? nothing : encode(part)));
  const arrived = await algorithms[choose("alltoall", factsOf(peers))](peers, parcels);
  return arrived.map((parcel, r) => (r === rank ? own : (decode(parcel) as T)));
}

/** In shared memory: each rank posts all its parts and reads its own part of each other rank. */
export function alltoallOnBoard<T>(
  { rank, size }: Here,
  parts: readonly T[],
  into?: TypedArray,
): Exchange<T[] | TypedArray> {
  const given = requireParts("alltoall", parts, size);
  const own = ownBeside(into, given[rank]) as T;
  const give = new Values(given, rank, into);
  const finish = (posts: Posts): T[] | TypedArray => valuesIn(rank, size, own, posts, into);
  return { give, to: "all", from: "all", finish };
}

type Alltoall = (peers: Peers, parcels: readonly Parcel[]) => Promise<Parcel[]>;
const algorithms: { readonly [A in Algorithms["alltoall"]]: Alltoall } = { pairwise, bruck };

/**
 * Pairwise: every part goes straight to its rank.
 *
 * Source: MPICH alltoall_intra_scattered.c and alltoall_intra_pairwise.c. All messages are under way at once, begun in
 * an order in which no two ranks begin with the same receiver.
 * Cost: (p-1) alpha + n (p-1)/p beta, n bytes on each rank; each rank sends p - 1 messages of one part.
 *
 *     step i: rank r sends to r + i and receives from r - i
 */
async function pairwise(peers: Peers, parcels: readonly Parcel[]): Promise<Parcel[]> {
  const { rank, size } = peers;
  const arrived = new Array<Parcel>(size);
  arrived[rank] = nothing;
  const step = async (i: number): Promise<void> => {
    const source = (rank - i + size) % size;
    const dest = (rank + i) % size;
    [arrived[source]] = await Promise.all([peers.recv(source), peers.send(dest, parcels[dest] as Parcel)]);
  };
  await Promise.all(Array.from({ length: size - 1 }, (_, i) => step(i + 1)));
  return arrived;
}

/**
 * Bruck's alltoall for small parts, straight for large ones.
 *
 * Source: Bruck, Ho, Kipnis, Upfal, Weathersby, IEEE TPDS 8(11), 1997; MPICH alltoall_intra_brucks.c. A part for the
 * rank at distance d takes the powers of two in d as its way. Sizes may differ, so each part is decided by itself: one
 * that goes straight leaves `nothing` in its place.
 * Cost: ceil(lg p) alpha + (n/2) lg p beta, n bytes on each rank; in the step of distance 2^k each rank sends the parts
 * of all distances with bit k in one message. Each part of at least {@link direct} bytes: one message more, once.
 *
 *     rank 0's part for rank 6 of 8:   0 ──(2)──> 2 ──(4)──> 6
 */
async function bruck(peers: Peers, parcels: readonly Parcel[]): Promise<Parcel[]> {
  const { rank, size } = peers;
  const large = (parcel: Parcel): boolean => byteLength(parcel) >= direct.alltoall;
  // By the distance still to go and gone: part d is for rank + d at first, and from rank - d in the end.
  const moving = Array.from({ length: size }, (_, d) => {
    const parcel = parcels[(rank + d) % size] as Parcel;
    return large(parcel) ? nothing : parcel;
  });
  for (let distance = 1; distance < size; distance *= 2) {
    const moves = Array.from(moving.keys()).filter((d) => (d & distance) !== 0);
    const [arrived] = await Promise.all([
      peers.recv((rank - distance + size) % size),
      peers.send((rank + distance) % size, pack(moves.map((d) => moving[d] as Parcel))),
    ]);
    const parts = unpack(arrived, moves.length);
    moves.forEach((d, i) => {
      moving[d] = parts[i] as Parcel;
    });
  }
  // Only now, behind the messages above: a pair of ranks may have both.
  const sends = parcels.map((parcel, dest) => (large(parcel) ? peers.send(dest, parcel) : undefined));
  const arrived = Array.from({ length: size }, (_, source) => {
    const parcel = moving[(rank - source + size) % size] as Parcel;
    return source !== rank && isNothing(parcel) ? peers.recv(source) : parcel;
  });
  const [all] = await Promise.all([Promise.all(arrived), Promise.all(sends)]);
  return all;
}
