import type { Peers } from "../../wire/peers.ts";
import type { Exchange } from "./board-exchange.ts";
import { type Algorithms, choose, factsOf } from "./choose.ts";
import { levels } from "./host-levels.ts";
import { nothing } from "./raw-parcel.ts";
import { within } from "./sub-peers.ts";
import { signalDown, signalUp } from "./tree-messages.ts";
import { binomial } from "./trees.ts";

/** Resolves when all ranks have called it. */
export async function barrier(peers: Peers): Promise<void> {
  if (peers.size > 1) await algorithms[choose("barrier", factsOf(peers))](peers);
}

/** In shared memory: each rank posts that it has come. */
export const barrierOnBoard: Exchange<void> = { give: undefined, to: "all", from: "all", finish: () => {} };

const algorithms: { readonly [A in Algorithms["barrier"]]: (peers: Peers) => Promise<void> } = {
  dissemination,
  tree,
  "two-level": twoLevel,
};

/**
 * Dissemination.
 *
 * Source: Hensgen, Finkel, Manber, "Two algorithms for barrier synchronization" (1988); MPICH
 * barrier_intra_k_dissemination.c with k = 2. Any number of ranks.
 * Cost: ceil(lg p) alpha; each rank sends ceil(lg p) empty messages.
 *
 *     ranks whose arrival rank 0 of 5 knows of, directly or not:
 *     step 1 (distance 1)   4 0
 *     step 2 (distance 2)   2 3 4 0
 *     step 3 (distance 4)   1 2 3 4 0
 */
async function dissemination(peers: Peers): Promise<void> {
  const { rank, size } = peers;
  for (let distance = 1; distance < size; distance *= 2) {
    await Promise.all([peers.send((rank + distance) % size, nothing), peers.recv((rank - distance + size) % size)]);
  }
}

/**
 * Up and down a binomial tree.
 *
 * Source: Open MPI coll_base_barrier.c ("tree"). For many ranks that share few cores and connect to their peers on
 * first use: 2 (p - 1) messages over p - 1 links in all, where dissemination takes p lg p messages over as many links.
 * Cost: 2 ceil(lg p) alpha; each rank sends one empty message up (not the root) and one to each child.
 *
 *     3 > 2 > 0 < 1    all ranks below have come
 *     3 < 2 < 0 > 1    all ranks have come
 */
async function tree(peers: Peers): Promise<void> {
  const place = binomial(peers.size, peers.rank, 0);
  await signalUp(peers, place);
  await signalDown(peers, place);
}

/**
 * Within each host first, then among one leader per host, then within each host again.
 *
 * Source: MPICH barrier_intra_smp.c. With h hosts of q ranks:
 * Cost: 2 ceil(lg q) alpha within a host + ceil(lg h) alpha between hosts, where h ceil(lg h) messages travel.
 *
 *     host A: 1 > 0 <── 2      0 <─> 3      host A: 1 < 0 ──> 2
 *     host B: 4 > 3 <── 5                   host B: 4 < 3 ──> 5
 */
async function twoLevel(peers: Peers): Promise<void> {
  const { members, leader, leaders } = levels(peers.hosts, peers.rank, 0);
  const host = within(peers, members);
  const place = binomial(host.size, host.rank, 0);
  await signalUp(host, place);
  if (peers.rank === leader) await dissemination(within(peers, leaders));
  await signalDown(host, place);
}
