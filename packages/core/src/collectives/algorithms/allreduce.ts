import { checkRoom } from "../../calls/into.ts";
import type { DeterministicOptions, OptionalIntoOptions } from "../../calls/options.ts";
import { describe, isTypedArray, type TypedArray } from "../../calls/typed-array.ts";
import { alone, check } from "../../ops/apply.ts";
import { asOp, type Op, type Reducer } from "../../ops/op.ts";
import { arrayBytesOnBoard } from "../../wire/board.ts";
import { copy, encode } from "../../wire/codec/codec.ts";
import type { Peers } from "../../wire/peers.ts";
import { rabenseifner } from "./allreduce/rabenseifner.ts";
import { recursiveDoubling } from "./allreduce/recursive-doubling.ts";
import { ring } from "./allreduce/ring.ts";
import { segmented } from "./allreduce/segmented.ts";
import { announce } from "./announce.ts";
import type { Exchange, Here, Plan, Posts } from "./board-exchange.ts";
import { type Algorithms, choose, type Facts, factsOf } from "./choose.ts";
import { valueOf } from "./combine.ts";
import { levels } from "./host-levels.ts";
import { combinePosts, piecesOnBoard } from "./reduce-on-board.ts";
import { within } from "./sub-peers.ts";
import { reduceUp, sendDown } from "./tree-messages.ts";
import { folded, layered, type Tree } from "./trees.ts";

/**
 * All values combined, on every rank, where they are equal to the last bit.
 *
 * With `deterministic` the brackets depend only on the number of ranks, not on hosts or environment. They never depend on timing.
 */
export async function allreduce<T>(
  peers: Peers,
  value: T,
  reducer: Reducer<T>,
  { deterministic = false, into }: DeterministicOptions & OptionalIntoOptions<TypedArray> = {},
): Promise<T> {
  const op = asOp<T>(reducer);
  check(op, value);
  return (await allreduceWith(peers, value, op, deterministic, into)) as T;
}

/**
 * No completion step is needed: in each algorithm for users' functions, every rank's result depends on every call of the function.
 * (Recursive doubling would need one: other ranks can finish while the last call on one rank throws.)
 */
async function allreduceWith(
  peers: Peers,
  value: unknown,
  op: Op,
  deterministic: boolean,
  into?: TypedArray,
): Promise<unknown> {
  if (peers.size === 1) return alone(op, copy(value));
  const bytes = isTypedArray(value) ? value.byteLength : undefined;
  const facts = factsOf(peers, { op, bytes, deterministic });
  return algorithms[choose("allreduce", facts)](peers, value, op, facts, into);
}

/**
 * In shared memory: each rank posts its value and combines all values in the order of ranks, in the brackets of recursive doubling.
 * Not for large arrays. Not for users' functions, because every rank would repeat their calls.
 */
export function allreduceOnBoard<T>({ rank, size }: Here, value: T, reducer: Reducer<T>, into?: TypedArray): Plan<T> {
  const op = asOp<T>(reducer);
  check(op, value);
  if (!op.builtIn) return describe(value);
  if (isTypedArray(value) && value.byteLength > arrayBytesOnBoard(size)) {
    return piecesOnBoard(rank, size, value, op, undefined, into) as Exchange<unknown> as Exchange<T>;
  }
  if (into !== undefined) checkRoom(into, [value]);
  const give = encode(value);
  const finish = (posts: Posts): T => combinePosts(op, { rank, size }, value, posts, into);
  return { give, to: "all", from: "all", finish, what: () => describe(value) };
}

/** The result may be in `into`, or in the first part of it. */
type Allreduce = (peers: Peers, value: unknown, op: Op, facts: Facts, into?: TypedArray) => Promise<unknown>;
const algorithms: { readonly [A in Algorithms["allreduce"]]: Allreduce } = {
  "recursive-doubling": recursiveDoubling,
  tree,
  "two-level": twoLevel,
  rabenseifner: inPieces("rabenseifner", rabenseifner),
  ring: inPieces("ring", ring),
  segmented: inPieces("segmented", segmented),
};

/** An algorithm for large arrays. Beside it the ranks check that all of them use it: see announce.ts. */
function inPieces(
  name: string,
  body: (peers: Peers, array: TypedArray, op: Op, into?: TypedArray) => Promise<unknown>,
): Allreduce {
  return async (peers, value, op, facts, into) => {
    const { rank, size, hosts } = peers;
    const small = choose("allreduce", { ...facts, bytes: undefined });
    const place = small === "two-level" ? layered(folded, hosts, rank, 0) : folded(size, rank, 0);
    // The labels first: each pair of ranks reads in the order sent.
    const announced = announce(peers, place, name, value);
    return (await Promise.all([body(peers, value as TypedArray, op, into), announced]))[0];
  };
}

/**
 * Tree: reduce to rank 0, then broadcast.
 *
 * Source: Open MPI coll_base_allreduce.c ("nonoverlapping"). For users' functions: each value goes into one call
 * only, p - 1 calls in all instead of p lg p, and all ranks get what one rank has computed.
 * Cost: 2 ceil(lg p) (alpha + n beta) + ceil(lg p) n gamma; each rank sends one message up, and the result to each child.
 *
 *     up     0123 <── 1, 23      23 <── 3
 *     down   0123 ──> 1, 2       2 ──> 3
 */
async function tree(peers: Peers, value: unknown, op: Op): Promise<unknown> {
  const place = folded(peers.size, peers.rank, 0);
  return resultDown(peers, place, await reduceUp(peers, place, value, op), value);
}

/** Sends the result from the top of a tree to all its ranks. */
async function resultDown(peers: Peers, place: Tree, result: unknown, value: unknown): Promise<unknown> {
  const atTop = place.parent === undefined;
  const parcel = await sendDown(peers, place, atTop ? encode(result) : undefined);
  return atTop ? result : valueOf(parcel, value);
}

/**
 * Reduce within each host, allreduce among one leader per host, broadcast within each host.
 *
 * Source: MPICH allreduce_intra_smp.c. With h hosts of q ranks:
 * Cost: (2 ceil(lg q) + ceil(lg h)) (alpha + n beta) + (ceil(lg q) + ceil(lg h)) n gamma; h lg h messages between hosts.
 * Not for large arrays: there Rabenseifner's first, largest exchanges are between neighbours on one host anyway, and
 * all ranks share the work.
 *
 *     host A: 012 <── 1, 2     012 <─┐ 012345       012345 ──> 1, 2
 *     host B: 345 <── 4, 5     345 <─┘ 012345       012345 ──> 4, 5
 */
async function twoLevel(peers: Peers, value: unknown, op: Op): Promise<unknown> {
  const { members, leader, leaders } = levels(peers.hosts, peers.rank, 0);
  const host = within(peers, members);
  const place = folded(host.size, host.rank, 0);
  const partial = await reduceUp(host, place, value, op);
  const result = peers.rank === leader ? await allreduceWith(within(peers, leaders), partial, op, false) : undefined;
  return resultDown(host, place, result, value);
}
