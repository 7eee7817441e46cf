import type { TypedArray } from "../../../calls/typed-array.ts";
import type { Op } from "../../../ops/op.ts";
import { decode, encode } from "../../../wire/codec/codec.ts";
import type { Peers } from "../../../wire/peers.ts";
import { bruck } from "../allgather/bruck.ts";
import { combine } from "../combine.ts";
import { halve } from "../halving.ts";
import { join, segments } from "../segments.ts";
import { within } from "../sub-peers.ts";
import { actors, fold } from "../trees.ts";

/**
 * Rabenseifner: reduce-scatter by recursive halving, then allgather.
 *
 * Source: Rabenseifner 1997; MPICH allreduce_intra_reduce_scatter_allgather.c. Cut by distance 1 first it combines in
 * the order of ranks and in the brackets of recursive doubling, so both give the same bits and any operation can use it.
 * Cost for p = 2^k: 2 lg p alpha + 2 n (p-1)/p beta + n (p-1)/p gamma; each rank sends 2 lg p messages with
 * 2 n (p-1)/p bytes. Else, with q the power of two below p in place of p: 2 (alpha + n beta) + n gamma more.
 *
 *     halving  distance 1       distance 2       allgather
 *     0        a.c. of 01       a of 0123        abcd
 *     1        .b.d of 01       b                abcd
 *     2        a.c. of 23       c                abcd
 *     3        .b.d of 23       d                abcd
 */
export async function rabenseifner(peers: Peers, array: TypedArray, op: Op): Promise<unknown> {
  const folding = fold(peers.size, peers.rank);
  const { slots, slot, partner } = folding;
  const actor = folding.actorOf(slot);
  if (actor !== peers.rank) {
    await peers.send(actor, encode(array));
    return decode(await peers.recv(actor));
  }
  let whole: unknown = array;
  if (partner !== undefined) whole = combine(op, whole, decode(await peers.recv(partner)), partner < peers.rank);
  const group = within(peers, actors(folding));
  const mine = await halve(group, segments(whole as TypedArray, slots), (part) => part, op);
  const all = await bruck(group, encode(mine.get(slot)));
  const result = join(array, all.map(decode));
  if (partner !== undefined) await peers.send(partner, encode(result));
  return result;
}
