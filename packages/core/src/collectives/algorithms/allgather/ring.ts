import type { Parcel } from "../../../wire/codec/codec.ts";
import type { Peers } from "../../../wire/peers.ts";

/**
 * Ring.
 *
 * Source: MPICH allgather_intra_ring.c. Each rank talks to two others only, and messages are never larger than a part.
 * Cost: (p-1) alpha + n (p-1)/p beta, n bytes in all; each rank sends p - 1 messages of one part.
 *
 *     start    a     b     c     d
 *     step 1   da    ab    bc    cd       from the left: what it got last
 *     step 2   cda   dab   abc   bcd
 *     step 3   bcda  cdab  dabc  abcd
 */
export async function ring(peers: Peers, parcel: Parcel): Promise<Parcel[]> {
  const { rank, size } = peers;
  const parcels = new Array<Parcel>(size);
  parcels[rank] = parcel;
  let last = parcel;
  for (let step = 1; step < size; step++) {
    [last] = await Promise.all([peers.recv((rank - 1 + size) % size), peers.send((rank + 1) % size, last)]);
    parcels[(rank - step + size) % size] = last;
  }
  return parcels;
}
