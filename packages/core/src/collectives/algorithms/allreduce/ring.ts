import type { TypedArray } from "../../../calls/typed-array.ts";
import type { Op } from "../../../ops/op.ts";
import { decode, encode, type Parcel } from "../../../wire/codec/codec.ts";
import type { Peers } from "../../../wire/peers.ts";
import { ring as allgatherRing } from "../allgather/ring.ts";
import { combine } from "../combine.ts";
import { join, segments } from "../segments.ts";

/**
 * Ring: reduce-scatter around the ring, then allgather around it.
 *
 * Source: Patarasuk, Yuan, JPDC 69(2), 2009; MPICH allreduce_intra_ring.c. Any number of ranks, each of which talks to
 * two others only. A segment is combined from rank to rank beginning anywhere, so the operation must be commutative.
 * Cost: 2 (p-1) alpha + 2 n (p-1)/p beta + n (p-1)/p gamma; each rank sends 2 (p-1) messages of one segment.
 *
 *     rank      0             1             2
 *     start     a    b    c   a    b    c   a    b    c
 *     step 1    .    .    c20 a01  .    .   .    b12  .     one segment comes from the left, one goes to the right
 *     step 2    .    b120 .   .    .    c201 a012 .   .     reduced
 *     then      allgather in 2 more steps
 */
export async function ring(peers: Peers, array: TypedArray, op: Op): Promise<unknown> {
  const { rank, size } = peers;
  const right = (rank + 1) % size;
  const left = (rank - 1 + size) % size;
  const mine = segments(array, size);
  let last: Parcel = encode(mine[rank]);
  for (let step = 1; step < size; step++) {
    const [arrived] = await Promise.all([peers.recv(left), peers.send(right, last)]);
    last = encode(combine(op, mine[(rank - step + size) % size], decode(arrived), true));
  }
  // Rank r ends with segment r + 1, so what rank s gives is segment s + 1.
  const all = await allgatherRing(peers, last);
  return join(
    array,
    all.map((_, s) => decode(all[(s - 1 + size) % size] as Parcel)),
  );
}
