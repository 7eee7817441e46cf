import { checkRoom } from "../../calls/into.ts";
import { describe, isTypedArray, type TypedArray } from "../../calls/typed-array.ts";
import { alone, check } from "../../ops/apply.ts";
import { asOp, type Op, type Reducer } from "../../ops/op.ts";
import { arrayBytesOnBoard } from "../../wire/board.ts";
import { copy, decode, encode } from "../../wire/codec/codec.ts";
import type { Peers } from "../../wire/peers.ts";
import { announce } from "./announce.ts";
import type { Exchange, Here, Plan, Posts } from "./board-exchange.ts";
import { type Algorithms, choose, type Facts, factsOf } from "./choose.ts";
import { combine } from "./combine.ts";
import { gatherParcels } from "./gather.ts";
import { halve } from "./halving.ts";
import { combinePosts, piecesOnBoard } from "./reduce-on-board.ts";
import { join, segments } from "./segments.ts";
import { within } from "./sub-peers.ts";
import { reduceUp, signalDown } from "./tree-messages.ts";
import { actors, fold, folded, layered, type Tree } from "./trees.ts";

/**
 * All values combined in the order of ranks, at the root; undefined elsewhere.
 *
 * With `deterministic` the brackets depend only on the number of ranks, not on hosts or environment, and are those of a
 * deterministic allreduce. They never depend on timing.
 */
export async function reduce<T>(
  peers: Peers,
  value: T,
  reducer: Reducer<T>,
  root: number,
  { deterministic = false }: { deterministic?: boolean | undefined } = {},
): Promise<T | undefined> {
  const op = asOp<T>(reducer);
  check(op, value);
  if (peers.size === 1) return alone(op, copy(value)) as T;
  const bytes = isTypedArray(value) ? value.byteLength : undefined;
  const facts = factsOf(peers, { op, bytes, deterministic });
  const result = await algorithms[choose("reduce", facts)](peers, value, op, root, facts);
  // A user's function may throw anywhere in the tree, when ranks below have already sent their values. They wait until the root has
  // finished, so that all ranks reject: one empty message down to each rank. Built-in operations need none.
  if (!op.builtIn) await signalDown(peers, folded(peers.size, peers.rank, root));
  return result as T | undefined;
}

/** In shared memory: each rank posts its value, and the root combines them. */
export function reduceOnBoard<T>(
  { rank, size }: Here,
  value: T,
  reducer: Reducer<T>,
  root: number,
  into?: TypedArray,
): Plan<T | undefined> {
  const op = asOp<T>(reducer);
  check(op, value);
  if (!op.builtIn) return describe(value);
  if (isTypedArray(value) && value.byteLength > arrayBytesOnBoard(size)) {
    return piecesOnBoard(rank, size, value, op, root, into) as Exchange<unknown> as Exchange<T | undefined>;
  }
  if (into !== undefined && rank === root) checkRoom(into, [value]);
  const give = encode(value);
  const finish = (posts: Posts): T => combinePosts(op, { rank, size }, value, posts, into);
  if (rank !== root) return { give, to: root, from: "none", finish: () => undefined };
  return { give, to: "none", from: "all", finish, what: () => describe(value) };
}

type Reduce = (peers: Peers, value: unknown, op: Op, root: number, facts: Facts) => Promise<unknown>;
const algorithms: { readonly [A in Algorithms["reduce"]]: Reduce } = { tree, "two-level": twoLevel, rabenseifner };

/**
 * Tree: the binomial tree of the folded hypercube.
 *
 * Source: MPICH reduce_intra_binomial.c, but for the tree: see {@link folded}. It keeps the order of ranks from any
 * root, where MPICH reduces to rank 0 and sends the result on.
 * Cost: ceil(lg p) (alpha + n beta + n gamma); each rank but the root sends one message of n bytes.
 *
 *     step 1   01 <─ 1     23 <─ 3        4
 *     step 2   0123 <───── 23             4
 *     step 3   01234 <─────────────────── 4
 */
async function tree(peers: Peers, value: unknown, op: Op, root: number): Promise<unknown> {
  return reduceUp(peers, folded(peers.size, peers.rank, root), value, op);
}

/**
 * Within each host first, then among one leader per host.
 *
 * Source: MPICH reduce_intra_smp.c. With h hosts of q ranks:
 * Cost: (ceil(lg q) + ceil(lg h)) (alpha + n beta + n gamma), where only h - 1 messages travel between hosts.
 *
 *     host A: 012 <── 1, 2         012345
 *                                    │
 *     host B: 345 <── 4, 5          345
 */
async function twoLevel(peers: Peers, value: unknown, op: Op, root: number): Promise<unknown> {
  return reduceUp(peers, layered(folded, peers.hosts, peers.rank, root), value, op);
}

/**
 * Rabenseifner: reduce-scatter by recursive halving, then gather.
 *
 * Source: Rabenseifner 1997; MPICH reduce_intra_reduce_scatter_gather.c. Cut by distance 1 first it keeps the order of
 * ranks (see {@link halve}), so any operation can use it.
 * Cost for p = 2^k: 2 lg p alpha + 2 n (p-1)/p beta + n (p-1)/p gamma. Else, with q the power of two below p: one
 * message of n bytes from each rank that folds, + n beta + n gamma.
 *
 *     halving  distance 1       distance 2      gather
 *     0        a.c. of 01       a of 0123       abcd
 *     1        .b.d of 01       b
 *     2        a.c. of 23       c
 *     3        .b.d of 23       d
 */
async function rabenseifner(peers: Peers, value: unknown, op: Op, root: number, facts: Facts): Promise<unknown> {
  const array = value as TypedArray;
  const body = async (): Promise<unknown> => {
    const folding = fold(peers.size, peers.rank, root);
    const { slots, slot, slotOf, actorOf, partner } = folding;
    if (actorOf(slot) !== peers.rank) {
      await peers.send(actorOf(slot), encode(array));
      return undefined;
    }
    let whole: unknown = array;
    if (partner !== undefined) whole = combine(op, whole, decode(await peers.recv(partner)), partner < peers.rank);
    const group = within(peers, actors(folding));
    const mine = await halve(group, segments(whole as TypedArray, slots), (part) => part, op);
    const all = await gatherParcels(group, encode(mine.get(slot)), slotOf(root));
    return all === undefined ? undefined : join(array, all.map(decode));
  };
  const small = choose("reduce", { ...facts, bytes: undefined });
  // The labels first: each pair of ranks reads in the order sent.
  const announced = announce(peers, places(peers, small, root), "rabenseifner", array);
  return (await Promise.all([body(), announced]))[0];
}

/** The tree of an algorithm for small values. */
function places(peers: Peers, algorithm: Algorithms["reduce"], root: number): Tree {
  return algorithm === "two-level"
    ? layered(folded, peers.hosts, peers.rank, root)
    : folded(peers.size, peers.rank, root);
}
