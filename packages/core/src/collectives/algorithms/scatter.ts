import { checkRoom, fill } from "../../calls/into.ts";
import type { TypedArray } from "../../calls/typed-array.ts";
import { byteLength, copy, decode, encode, type Parcel } from "../../wire/codec/codec.ts";
import type { Peers } from "../../wire/peers.ts";
import { type Exchange, type Here, Values } from "./board-exchange.ts";
import { type Algorithms, choose, direct, factsOf } from "./choose.ts";
import { pack, unpack } from "./pack.ts";
import { isNothing, nothing } from "./raw-parcel.ts";
import { requireParts } from "./require-parts.ts";
import { binomial } from "./trees.ts";

/**
 * The root's `parts[r]` at each rank r. The `parts` of other ranks are ignored.
 *
 * @throws MpiError `invalid-argument` at the root when there are not as many parts as ranks.
 */
export async function scatter<T>(peers: Peers, parts: readonly T[] | undefined, root: number): Promise<T> {
  const scatterParcels = algorithms[choose("scatter", factsOf(peers))];
  if (peers.rank !== root) return decode((await scatterParcels(peers, undefined, root)) as Parcel) as T;
  const given = requireParts("scatter", parts, peers.size);
  const own = copy(given[root]) as T;
  // The root's own part stays here, so only the others are encoded to travel.
  const parcels = given.map((part, rank) => (rank === root ? nothing : encode(part)));
  if (peers.size > 1) await scatterParcels(peers, parcels, root);
  return own;
}

/** In shared memory: the root's part, which posts all parts. Each other rank reads its own. */
export function scatterOnBoard<T>({ rank, size }: Here, parts: readonly T[], into?: TypedArray): Exchange<T> {
  const given = requireParts("scatter", parts, size);
  const mine = given[rank] as T;
  if (into !== undefined) checkRoom(into, [mine]);
  const own = into === undefined ? (copy(mine) as T) : mine;
  const give = new Values(given, rank);
  return { give, to: "all", from: "none", finish: () => own, settle: into && ((value) => fill(into, [value]) as T) };
}

type Scatter = (peers: Peers, parcels: readonly Parcel[] | undefined, root: number) => Promise<Parcel | undefined>;
const algorithms: { readonly [A in Algorithms["scatter"]]: Scatter } = { linear, binomial: tree };

/**
 * Linear: the root sends to each rank.
 *
 * Source: Open MPI coll_base_scatter.c ("basic linear"). For few ranks, where a tree saves no step worth its bundles.
 * Cost: (p-1) alpha + n (p-1)/p beta at the root, n bytes in all; one message to each other rank.
 *
 *     0 ──> 1, 2, 3
 */
async function linear(peers: Peers, parcels: readonly Parcel[] | undefined, root: number): Promise<Parcel | undefined> {
  if (parcels === undefined) return peers.recv(root);
  await Promise.all(parcels.map((parcel, rank) => (rank === root ? undefined : peers.send(rank, parcel))));
  return undefined;
}

/**
 * Binomial tree for small parts, straight from the root for large ones.
 *
 * Source: MPICH scatter_intra_binomial.c. A part that goes straight leaves `nothing` in its place in the tree, so that
 * its rank knows.
 * Cost: ceil(lg p) alpha + n (p-1)/p beta at the root; each other rank receives one message with the parts of its whole
 * subtree. Each part of at least {@link direct} bytes: one message more from the root, but none of its bytes on the way.
 *
 *     step 1   0123 ───────────────> 45
 *     step 2   01 ──> 23             45
 *     step 3   0 ─> 1    2 ─> 3      4 ─> 5
 */
async function tree(peers: Peers, parcels: readonly Parcel[] | undefined, root: number): Promise<Parcel | undefined> {
  const { rank, size } = peers;
  const { parent, children, span } = binomial(size, rank, root);
  const large = (parcel: Parcel): boolean => parcels !== undefined && byteLength(parcel) >= direct.scatter;
  const have =
    parcels === undefined
      ? unpack(await peers.recv(parent as number), span)
      : Array.from({ length: size }, (_, v) => parcels[(v + root) % size] as Parcel);
  const v = (rank - root + size) % size;
  const sends = children.toReversed().map((child) => {
    const first = ((child - root + size) % size) - v;
    const theirs = have.slice(first, first + binomial(size, child, root).span);
    return peers.send(child, pack(theirs.map((parcel) => (large(parcel) ? nothing : parcel))));
  });
  // After the messages of the tree: a child of the root reads that one first.
  parcels?.forEach((parcel, r) => {
    if (large(parcel)) sends.push(peers.send(r, parcel));
  });
  const mine = have[0] as Parcel;
  const straight = parent !== undefined && isNothing(mine) ? peers.recv(root) : mine;
  return (await Promise.all([straight, ...sends]))[0];
}
