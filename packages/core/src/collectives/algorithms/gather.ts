import type { TypedArray } from "../../calls/typed-array.ts";
import { byteLength, copy, decode, encode, ownOf, type Parcel } from "../../wire/codec/codec.ts";
import type { Peers } from "../../wire/peers.ts";
import { type Exchange, type Here, ownBeside, type Posts, valuesIn } from "./board-exchange.ts";
import { type Algorithms, choose, direct, factsOf } from "./choose.ts";
import { pack, unpack } from "./pack.ts";
import { isNothing, nothing } from "./raw-parcel.ts";
import { binomial } from "./trees.ts";

/** The values of all ranks in the order of ranks, at the root; undefined elsewhere. */
export async function gather<T>(peers: Peers, value: T, root: number): Promise<T[] | undefined> {
  if (peers.size === 1) return [copy(value) as T];
  const mine = encode(value);
  const parcels = await gatherParcels(peers, mine, root);
  return parcels?.map((parcel, rank) => (rank === root ? ownOf(mine, value) : decode(parcel)) as T);
}

/** In shared memory: each rank posts its value, and the root reads them. */
export function gatherOnBoard<T>(
  { rank, size }: Here,
  value: T,
  root: number,
  into?: TypedArray,
): Exchange<T[] | TypedArray | undefined> {
  const give = encode(value);
  if (rank !== root) return { give, to: root, from: "none", finish: () => undefined };
  const own = ownBeside(into, value) as T;
  const finish = (posts: Posts): T[] | TypedArray => valuesIn(rank, size, own, posts, into);
  return { give, to: "none", from: "all", finish };
}

/** The parcels of all ranks in the order of ranks, at the root. */
export function gatherParcels(peers: Peers, parcel: Parcel, root: number): Promise<Parcel[] | undefined> {
  return algorithms[choose("gather", factsOf(peers))](peers, parcel, root);
}

type Gather = (peers: Peers, parcel: Parcel, root: number) => Promise<Parcel[] | undefined>;
const algorithms: { readonly [A in Algorithms["gather"]]: Gather } = { linear, binomial: tree };

/**
 * Linear: each rank sends to the root.
 *
 * Source: Open MPI coll_base_gather.c ("basic linear"). For few ranks, where a tree saves no step worth its bundles.
 * Cost: (p-1) alpha + n (p-1)/p beta at the root, n bytes in all; one message from each other rank.
 *
 *     0 <── 1, 2, 3
 */
async function linear(peers: Peers, parcel: Parcel, root: number): Promise<Parcel[] | undefined> {
  if (peers.rank !== root) {
    await peers.send(root, parcel);
    return undefined;
  }
  return Promise.all(Array.from({ length: peers.size }, (_, rank) => (rank === root ? parcel : peers.recv(rank))));
}

/**
 * Binomial tree for small parts, straight to the root for large ones.
 *
 * Source: MPICH gather_intra_binomial.c. Sizes may differ from rank to rank, so no rank can choose for all: each part
 * is decided by itself, and one that goes straight leaves `nothing` in its place in the tree.
 * Cost: ceil(lg p) alpha + n (p-1)/p beta at the root; each other rank sends one message with the parts of its whole
 * subtree. Each part of at least {@link direct} bytes: one message more to the root, but none of its bytes on the way.
 *
 *     step 1   0 <─ 1      2 <─ 3      4 <─ 5
 *     step 2   01 <── 23               45
 *     step 3   0123 <───────────────── 45
 */
async function tree(peers: Peers, parcel: Parcel, root: number): Promise<Parcel[] | undefined> {
  const { rank, size } = peers;
  const { parent, children } = binomial(size, rank, root);
  const straight = parent !== undefined && byteLength(parcel) >= direct.gather;
  const have = [straight ? nothing : parcel];
  for (const child of children) have.push(...unpack(await peers.recv(child), binomial(size, child, root).span));
  if (parent !== undefined) {
    // In this order: the root reads its children's messages from the tree before their parts.
    await Promise.all([peers.send(parent, pack(have)), ...(straight ? [peers.send(root, parcel)] : [])]);
    return undefined;
  }
  const byRank = Array.from({ length: size }, (_, r) => have[(r - root + size) % size] as Parcel);
  return Promise.all(byRank.map((one, r) => (isNothing(one) ? peers.recv(r) : one)));
}
