import type { Op } from "../../../ops/op.ts";
import { encode } from "../../../wire/codec/codec.ts";
import type { Peers } from "../../../wire/peers.ts";
import { combine, recvValue } from "../combine.ts";
import { fold } from "../trees.ts";

/**
 * Recursive doubling.
 *
 * Source: MPICH allreduce_intra_recursive_doubling.c; Thakur, Rabenseifner, Gropp, IJHPCA 19(1), 2005. Groups are
 * consecutive ranks, so their order is kept, and both ends of an exchange compute the same bits.
 * Cost for p = 2^k: lg p (alpha + n beta + n gamma); each rank sends lg p messages of n bytes. Else, with q the power of
 * two below p: 2 (alpha + n beta) + n gamma more; of each folded pair both send one message more or that one only.
 *
 *     fold        01      2   3   4         rank 1 gives its value to rank 0 and waits
 *     distance 1  012     012 34  34        slots 0 1 2 3 are ranks 0 2 3 4
 *     distance 2  01234   01234 01234 01234
 *     unfold      01234 ──> 1
 */
export async function recursiveDoubling(peers: Peers, value: unknown, op: Op): Promise<unknown> {
  const { slots, slot, actorOf, partner } = fold(peers.size, peers.rank);
  const actor = actorOf(slot);
  if (actor !== peers.rank) {
    await peers.send(actor, encode(value));
    return recvValue(peers, actor, value);
  }
  let result = value;
  if (partner !== undefined) {
    result = combine(op, result, await recvValue(peers, partner, result), partner < peers.rank);
  }
  for (let distance = 1; distance < slots; distance *= 2) {
    const peer = actorOf(slot ^ distance);
    const [arrived] = await Promise.all([recvValue(peers, peer, result), peers.send(peer, encode(result))]);
    result = combine(op, result, arrived, peer < peers.rank);
  }
  if (partner !== undefined) await peers.send(partner, encode(result));
  return result;
}
