import { checkRoom, fill } from "../../calls/into.ts";
import type { TypedArray } from "../../calls/typed-array.ts";
import { alone, check } from "../../ops/apply.ts";
import { asOp, type Op, type Reducer } from "../../ops/op.ts";
import { copy, decode, encode } from "../../wire/codec/codec.ts";
import type { Peers } from "../../wire/peers.ts";
import { barrier } from "./barrier.ts";
import { type Here, type Plan, type Posts, Values } from "./board-exchange.ts";
import { type Algorithms, choose, factsOf } from "./choose.ts";
import { combine, combineAll, operand } from "./combine.ts";
import { halve } from "./halving.ts";
import { pack, unpack } from "./pack.ts";
import { requireParts } from "./require-parts.ts";
import { within } from "./sub-peers.ts";
import { actors, fold } from "./trees.ts";

/**
 * The `parts[r]` of all ranks, combined in the order of ranks, at rank r.
 *
 * @throws MpiError `invalid-argument` when there are not as many parts as ranks.
 */
export async function reduceScatter<T>(peers: Peers, parts: readonly T[], reducer: Reducer<T>): Promise<T> {
  const op = asOp<T>(reducer);
  for (const part of requireParts("reduceScatter", parts, peers.size)) check(op, part);
  if (peers.size === 1) return alone(op, copy(parts[0])) as T;
  const result = await algorithms[choose("reduceScatter", factsOf(peers, { op }))](peers, parts, op);
  // A user's function may throw for one rank's part only, when the other ranks have theirs. With a barrier all ranks reject.
  if (!op.builtIn) await barrier(peers);
  return result as T;
}

/** In shared memory: each rank posts all parts and combines those for itself. Users' functions go by messages. */
export function reduceScatterOnBoard<T>(
  { rank, size }: Here,
  parts: readonly T[],
  reducer: Reducer<T>,
  into?: TypedArray,
): Plan<T> {
  const op = asOp<T>(reducer);
  for (const part of requireParts("reduceScatter", parts, size)) check(op, part);
  if (!op.builtIn) return "";
  if (into !== undefined) checkRoom(into, [parts[rank]]);
  const give = new Values(parts, rank);
  const finish = (posts: Posts): T => combineAll(op, size, rank, parts[rank], (r) => decode(posts.parcelOf(r))) as T;
  return { give, to: "all", from: "all", finish, settle: into && ((result) => fill(into, [result]) as T) };
}

type ReduceScatter = (peers: Peers, parts: readonly unknown[], op: Op) => Promise<unknown>;
const algorithms: { readonly [A in Algorithms["reduceScatter"]]: ReduceScatter } = {
  pairwise,
  "recursive-halving": recursiveHalving,
};

/**
 * Pairwise exchange: every part goes straight to its rank, which combines them in the order of ranks.
 *
 * Source: MPICH reduce_scatter_intra_pairwise.c; here a rank waits for all parts, so their order is kept.
 * Cost: (p-1) alpha + n (p-1)/p (beta + gamma), n bytes on each rank; each rank sends p - 1 messages of one part.
 *
 *     rank 1 of 3:   b of 0 ──┐
 *                    b of 1 ──┼── b of 012
 *                    b of 2 ──┘
 */
async function pairwise(peers: Peers, parts: readonly unknown[], op: Op): Promise<unknown> {
  const { rank, size } = peers;
  const step = async (i: number): Promise<unknown> => {
    const dest = (rank + i) % size;
    const [arrived] = await Promise.all([peers.recv((rank - i + size) % size), peers.send(dest, encode(parts[dest]))]);
    return decode(arrived);
  };
  const arrived = await Promise.all(Array.from({ length: size - 1 }, (_, i) => step(i + 1)));
  const values = Array.from({ length: size }, (_, r) =>
    r === rank ? undefined : arrived[(rank - r + size - 1) % size],
  );
  // From this rank outwards, below and above: every step combines into a value that arrived.
  let result = operand(op, parts[rank]);
  for (let r = rank - 1; r >= 0; r--) result = combine(op, result, values[r], true);
  for (let r = rank + 1; r < size; r++) result = combine(op, result, values[r], false);
  return result;
}

/**
 * Recursive halving, see {@link halve}. For any number of ranks by folding the first ones in pairs.
 *
 * Source: Träff 2005; MPICH reduce_scatter_intra_recursive_halving.c.
 * Cost for p = 2^k: lg p alpha + n (p-1)/p (beta + gamma), n bytes on each rank; each rank sends lg p messages. Else,
 * with q the power of two below p: a folded rank sends its n bytes to its partner and gets its part from it.
 *
 *     5 ranks:   1 ──> 0      slots 0 1 2 3 are ranks 0 2 3 4 and get the parts ab c d e      0 ── b ──> 1
 */
async function recursiveHalving(peers: Peers, parts: readonly unknown[], op: Op): Promise<unknown> {
  const { rank, size } = peers;
  const folding = fold(size, rank);
  const { slot, slotOf, partner } = folding;
  const actor = folding.actorOf(slot);
  if (actor !== rank) {
    await peers.send(actor, pack(parts.map(encode)));
    return decode(await peers.recv(actor));
  }
  let whole: readonly unknown[] = parts.map((part) => operand(op, part));
  if (partner !== undefined) {
    const theirs = unpack(await peers.recv(partner), size);
    whole = theirs.map((parcel, r) => combine(op, whole[r], decode(parcel), partner < rank));
  }
  const mine = await halve(within(peers, actors(folding)), whole, slotOf, op);
  if (partner !== undefined) await peers.send(partner, encode(mine.get(partner)));
  return mine.get(rank);
}
