import type { Parcel } from "../../../wire/codec/codec.ts";
import type { Peers } from "../../../wire/peers.ts";
import { pack, unpack } from "../pack.ts";

/**
 * Bruck's allgather.
 *
 * Source: Bruck, Ho, Kipnis, Upfal, Weathersby, IEEE TPDS 8(11), 1997; MPICH allgather_intra_brucks.c. Any number of
 * ranks; parts of any sizes, since parcels are forwarded as they are.
 * Cost: ceil(lg p) alpha + n (p-1)/p beta, n bytes in all; each rank sends p - 1 parts in ceil(lg p) messages.
 *
 *     rank        0          1          2          3          4
 *     start       a          b          c          d          e
 *     distance 1  ab         bc         cd         de         ea        from rank + 1: all that it has
 *     distance 2  abcd       bcde       cdea       deab       eabc      from rank + 2
 *     distance 4  abcde      bcdea      cdeab      deabc      eabcd     from rank + 4: only what is missing
 */
export async function bruck(peers: Peers, parcel: Parcel): Promise<Parcel[]> {
  const { rank, size } = peers;
  const have = [parcel];
  for (let distance = 1; distance < size; distance *= 2) {
    const count = Math.min(distance, size - distance);
    const [arrived] = await Promise.all([
      peers.recv((rank + distance) % size),
      peers.send((rank - distance + size) % size, pack(have.slice(0, count))),
    ]);
    have.push(...unpack(arrived, count));
  }
  return [...have.slice(size - rank), ...have.slice(0, size - rank)];
}
