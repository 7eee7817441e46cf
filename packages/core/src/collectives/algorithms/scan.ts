import { checkRoom, delivered } from "../../calls/into.ts";
import { describe, isTypedArray, type TypedArray } from "../../calls/typed-array.ts";
import { alone, check } from "../../ops/apply.ts";
import { asOp, type Op, type Reducer } from "../../ops/op.ts";
import { copy, decode, encode } from "../../wire/codec/codec.ts";
import { inlineArrayBytes } from "../../wire/codec/parcel.ts";
import type { Peers } from "../../wire/peers.ts";
import { barrier } from "./barrier.ts";
import type { Here, Plan, Posts } from "./board-exchange.ts";
import { type Algorithms, choose, factsOf } from "./choose.ts";
import { combine, operand } from "./combine.ts";

/** The values of the ranks 0 to this one, combined in their order; with `deterministic` one after the other. */
export async function scan<T>(
  peers: Peers,
  value: T,
  reducer: Reducer<T>,
  { deterministic = false }: { deterministic?: boolean | undefined } = {},
): Promise<T> {
  const op = asOp<T>(reducer);
  check(op, value);
  if (peers.size === 1) return alone(op, copy(value)) as T;
  const result = await algorithms[choose("scan", factsOf(peers, { op, deterministic }))](peers, value, op);
  // A user's function may throw on a rank whose result no lower rank waits for. With a barrier all ranks reject.
  if (!op.builtIn) await barrier(peers);
  return (peers.rank === 0 ? alone(op, copy(value)) : result) as T;
}

/** In shared memory: each rank posts its value and combines those up to its own, in the order of ranks. */
export function scanOnBoard<T>({ rank }: Here, value: T, reducer: Reducer<T>, into?: TypedArray): Plan<T> {
  if (into !== undefined) checkRoom(into, [value]);
  const finish = (op: Op, posts: Posts): T => {
    const result = rank === 0 ? alone(op, copy(value)) : combine(op, value, upTo(op, rank - 1, posts), true);
    return delivered(result, into);
  };
  return prefixOnBoard(value, asOp<T>(reducer), finish);
}

/**
 * The common part of scan and exscan. Not for large arrays, because each rank would read the arrays of all lower ranks. Not for
 * users' functions, because ranks would repeat their calls.
 */
export function prefixOnBoard<R>(value: unknown, op: Op, finish: (op: Op, posts: Posts) => R): Plan<R> {
  check(op, value);
  if (!op.builtIn || (isTypedArray(value) && value.byteLength > inlineArrayBytes)) return describe(value);
  // From all ranks, also from those whose values it does not combine: a rank that uses messages must be noticed.
  return {
    give: encode(value),
    to: "all",
    from: "all",
    finish: (posts) => finish(op, posts),
    what: () => describe(value),
  };
}

/** The values of the ranks 0 to `last`, combined in their order. */
export function upTo(op: Op, last: number, posts: Posts): unknown {
  let result = decode(posts.parcelOf(0));
  for (let r = 1; r <= last; r++) result = combine(op, result, decode(posts.parcelOf(r)), false);
  return result;
}

type Scan = (peers: Peers, value: unknown, op: Op) => Promise<unknown>;
const algorithms: { readonly [A in Algorithms["scan"]]: Scan } = { linear, doubling };

/**
 * Linear: from rank to rank.
 *
 * Source: Open MPI coll_base_scan.c. For few ranks: p - 1 messages in all.
 * Cost: (p-1) (alpha + n beta + n gamma); each rank but the last sends one message.
 *
 *     0 ── 0 ──> 1 ── 01 ──> 2 ── 012 ──> 3
 */
async function linear(peers: Peers, value: unknown, op: Op): Promise<unknown> {
  const { rank, size } = peers;
  let result = value;
  if (rank > 0) result = combine(op, operand(op, value), decode(await peers.recv(rank - 1)), true);
  if (rank < size - 1) await peers.send(rank + 1, encode(result));
  return result;
}

/**
 * Doubling: each rank adds what the rank `distance` below has got so far.
 *
 * Source: Hillis, Steele, CACM 29(12), 1986. MPICH scan_intra_recursive_doubling.c exchanges in both directions and
 * combines twice per step; here messages go up only and a rank combines once.
 * Cost: ceil(lg p) (alpha + n beta + n gamma); rank r sends one message for each power of two below p - r.
 *
 *     rank         0     1     2     3     4
 *     distance 1   0     01    12    23    34
 *     distance 2   0     01    012   0123  1234
 *     distance 4   0     01    012   0123  01234
 */
async function doubling(peers: Peers, value: unknown, op: Op): Promise<unknown> {
  const { rank, size } = peers;
  let result = rank === 0 ? value : operand(op, value);
  for (let distance = 1; distance < size; distance *= 2) {
    const sent = rank + distance < size ? peers.send(rank + distance, encode(result)) : undefined;
    const received = rank >= distance ? peers.recv(rank - distance) : undefined;
    const [arrived] = await Promise.all([received, sent]);
    if (arrived !== undefined) result = combine(op, result, decode(arrived), true);
  }
  return result;
}
