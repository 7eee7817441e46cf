import { checkRoom, fill } from "../../calls/into.ts";
import type { TypedArray } from "../../calls/typed-array.ts";
import { byteLength, decode, encode, type Parcel } from "../../wire/codec/codec.ts";
import type { Peers } from "../../wire/peers.ts";
import { receivePieces, sendPieces } from "./bcast/scatter-allgather.ts";
import type { Exchange } from "./board-exchange.ts";
import { choose, factsOf } from "./choose.ts";
import { levels } from "./host-levels.ts";
import { isFrames } from "./raw-parcel.ts";
import { within } from "./sub-peers.ts";
import { toChildren } from "./tree-messages.ts";
import { binomial } from "./trees.ts";

/** The root's value, on every rank. The root gets its own reference back. */
export async function bcast<T>(peers: Peers, value: T | undefined, root: number): Promise<T> {
  const atRoot = peers.rank === root;
  // Encoded at one rank too: what cannot travel is refused whatever the number of ranks.
  const parcel = await bcastParcel(peers, atRoot ? encode(value) : undefined, root);
  return (atRoot ? value : decode(parcel)) as T;
}

/** In shared memory: the root's part, which posts its value. The other ranks read it. */
export function bcastOnBoard<T>(value: T, into?: TypedArray): Exchange<T> {
  if (into !== undefined) checkRoom(into, [value]);
  return {
    give: encode(value),
    to: "all",
    from: "none",
    finish: () => value,
    settle: into && ((own) => fill(into, [own]) as T),
  };
}

/**
 * The root's parcel, on every rank.
 *
 * Only the root knows the size. Both flat algorithms begin with a message down the same binomial tree, so the other ranks need not
 * choose: their parent sends either the whole parcel or pieces of it. Ranks and hosts alone decide whether there are two levels.
 */
export async function bcastParcel(peers: Peers, parcel: Parcel | undefined, root: number): Promise<Parcel> {
  if (peers.size === 1) return parcel as Parcel;
  if (choose("bcast", factsOf(peers)) === "two-level") return twoLevel(peers, parcel, root);
  const tree = binomial(peers.size, peers.rank, root);
  if (tree.parent === undefined) {
    const whole = parcel as Parcel;
    if (choose("bcast", factsOf(peers, { bytes: byteLength(whole) })) === "scatter-allgather") {
      return sendPieces(peers, tree, whole, root);
    }
    return forward(peers, tree.children, whole);
  }
  const first = await peers.recv(tree.parent);
  return isFrames(first) ? receivePieces(peers, tree, first, root) : forward(peers, tree.children, first);
}

/**
 * Binomial tree.
 *
 * Source: MPICH bcast_intra_binomial.c, Open MPI coll_base_bcast.c.
 * Cost: ceil(lg p) (alpha + n beta). p - 1 messages of n bytes in all; the root sends ceil(lg p) of them.
 *
 *     step 1   0 ──> 4
 *     step 2   0 ──> 2   4 ──> 6
 *     step 3   0 ──> 1   2 ──> 3   4 ──> 5   6 ──> 7
 */
async function forward(peers: Peers, children: readonly number[], parcel: Parcel): Promise<Parcel> {
  await toChildren(peers, children, parcel);
  return parcel;
}

/**
 * Among one leader per host first, then within each host: each host's network sees the data once.
 *
 * Source: MPICH bcast_intra_smp.c. With h hosts of q ranks:
 * Cost: (ceil(lg h) + ceil(lg q)) (alpha + n beta), where only h - 1 messages travel between hosts. Among the leaders,
 * as within a host, the algorithm is chosen by their number.
 *
 *     host A: 0          host A: 0 ──> 1 2
 *             │    then
 *     host B: 3          host B: 3 ──> 4 5
 */
async function twoLevel(peers: Peers, parcel: Parcel | undefined, root: number): Promise<Parcel> {
  const { members, leader, leaders } = levels(peers.hosts, peers.rank, root);
  const atLeader =
    peers.rank === leader ? await bcastParcel(within(peers, leaders), parcel, leaders.indexOf(root)) : undefined;
  return bcastParcel(within(peers, members), atLeader, members.indexOf(leader));
}
