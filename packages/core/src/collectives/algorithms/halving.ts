import type { Op } from "../../ops/op.ts";
import { decode, encode, type Parcel } from "../../wire/codec/codec.ts";
import type { Peers } from "../../wire/peers.ts";
import { combine } from "./combine.ts";
import { pack, unpack } from "./pack.ts";

/**
 * Recursive halving: the reduce-scatter in Rabenseifner's algorithms and in reduceScatter, for 2^k ranks.
 *
 * Source: Träff, "An improved algorithm for (non-commutative) reduce-scatter", EuroPVM/MPI 2005; MPICH
 * reduce_scatter_intra_noncommutative.c. With distance 1 first, what a rank holds always stems from consecutive ranks,
 * so their order is kept. Parts are dealt by the low bits of their slot instead of being mirrored first.
 * Cost: lg p alpha + n (p-1)/p beta + n (p-1)/p gamma, n bytes on each rank.
 *
 *     rank 0     abcd of 0     a.c. of 01     a of 0123
 *     rank 1     abcd of 1     .b.d of 01     b
 *     rank 2     abcd of 2     a.c. of 23     c
 *     rank 3     abcd of 3     .b.d of 23     d
 *
 * @param slotOf which rank gets a part
 * @returns this rank's parts, reduced
 */
export async function halve(
  peers: Peers,
  parts: readonly unknown[],
  slotOf: (part: number) => number,
  op: Op,
): Promise<Map<number, unknown>> {
  const { rank, size } = peers;
  let have = new Map(parts.entries());
  for (let distance = 1; distance < size; distance *= 2) {
    const peer = rank ^ distance;
    const isMine = (part: number): boolean => (slotOf(part) & distance) === (rank & distance);
    const keep = [...have.keys()].filter(isMine);
    const give = [...have.keys()].filter((part) => !isMine(part));
    const [arrived] = await Promise.all([
      peers.recv(peer),
      peers.send(peer, pack(give.map((part) => encode(have.get(part))))),
    ]);
    const theirs = unpack(arrived, keep.length);
    have = new Map(
      keep.map((part, i) => [part, combine(op, have.get(part), decode(theirs[i] as Parcel), peer < rank)]),
    );
  }
  return have;
}
