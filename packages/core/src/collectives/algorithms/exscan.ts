import { checkRoom, delivered } from "../../calls/into.ts";
import type { TypedArray } from "../../calls/typed-array.ts";
import { alone, apply, check } from "../../ops/apply.ts";
import { asOp, type Op, type Reducer } from "../../ops/op.ts";
import { copy, decode, encode, type Parcel } from "../../wire/codec/codec.ts";
import type { Peers } from "../../wire/peers.ts";
import { barrier } from "./barrier.ts";
import type { Here, Plan, Posts } from "./board-exchange.ts";
import { type Algorithms, choose, factsOf } from "./choose.ts";
import { combine, operand } from "./combine.ts";
import { prefixOnBoard, upTo } from "./scan.ts";

/** The values of the ranks below this one, combined in their order; undefined at rank 0. */
export async function exscan<T>(
  peers: Peers,
  value: T,
  reducer: Reducer<T>,
  { deterministic = false }: { deterministic?: boolean | undefined } = {},
): Promise<T | undefined> {
  const op = asOp<T>(reducer);
  check(op, value);
  if (peers.size === 1) {
    encode(value); // refused at one rank too
    return undefined;
  }
  const result = await algorithms[choose("exscan", factsOf(peers, { op, deterministic }))](peers, value, op);
  // A user's function may throw on a rank whose result no lower rank waits for. With a barrier all ranks reject.
  if (!op.builtIn) await barrier(peers);
  return (peers.rank === 1 ? alone(op, result) : result) as T | undefined;
}

/** In shared memory: each rank posts its value and combines those of lower ranks, in their order. */
export function exscanOnBoard<T>(
  { rank }: Here,
  value: T,
  reducer: Reducer<T>,
  into?: TypedArray,
): Plan<T | undefined> {
  if (into !== undefined && rank > 0) checkRoom(into, [value]);
  const finish = (op: Op, posts: Posts): T | undefined => {
    if (rank === 0) return undefined;
    const result = upTo(op, rank - 1, posts);
    return delivered(rank === 1 ? alone(op, result) : result, into);
  };
  return prefixOnBoard(value, asOp<T>(reducer), finish);
}

type Exscan = (peers: Peers, value: unknown, op: Op) => Promise<unknown>;
const algorithms: { readonly [A in Algorithms["exscan"]]: Exscan } = { linear, doubling };

/**
 * Linear: from rank to rank.
 *
 * Source: Open MPI coll_base_exscan.c. For few ranks: p - 1 messages in all.
 * Cost: (p-1) (alpha + n beta) + (p-2) n gamma; each rank but the last sends one message.
 *
 *     0 ── 0 ──> 1 ── 01 ──> 2 ── 012 ──> 3
 */
async function linear(peers: Peers, value: unknown, op: Op): Promise<unknown> {
  const { rank, size } = peers;
  const below = rank > 0 ? await peers.recv(rank - 1) : undefined;
  if (rank < size - 1) {
    const upTo = below === undefined ? value : apply(op, own(op, below), operand(op, value));
    await peers.send(rank + 1, encode(upTo));
  }
  return below === undefined ? undefined : own(op, below);
}

/**
 * Doubling: each rank adds what the rank `distance` below has got so far, with and without its own value.
 *
 * Source: Hillis, Steele, CACM 29(12), 1986; compare MPICH exscan_intra_recursive_doubling.c.
 * Cost: ceil(lg p) (alpha + n beta + 2 n gamma); rank r sends one message for each power of two below p - r.
 *
 *     rank         0     1     2     3     4        with the own value, as sent
 *     distance 1   -     0     1     2     3        0 01 12 23 34
 *     distance 2   -     0     01    012   123      0 01 012 0123 1234
 *     distance 4   -     0     01    012   0123
 */
async function doubling(peers: Peers, value: unknown, op: Op): Promise<unknown> {
  const { rank, size } = peers;
  let through = rank === 0 ? value : operand(op, value);
  let under: unknown;
  for (let distance = 1; distance < size; distance *= 2) {
    const sent = rank + distance < size ? peers.send(rank + distance, encode(through)) : undefined;
    const received = rank >= distance ? peers.recv(rank - distance) : undefined;
    const [arrived] = await Promise.all([received, sent]);
    if (arrived === undefined) continue;
    if (rank + 2 * distance < size) through = apply(op, own(op, arrived), through);
    under = distance === 1 ? own(op, arrived) : combine(op, under, own(op, arrived), true);
  }
  return under;
}

/** A value that this rank uses twice. Each use needs its own copy, because a user's function may change it. */
function own(op: Op, parcel: Parcel): unknown {
  return op.builtIn ? decode(parcel) : copy(decode(parcel));
}
