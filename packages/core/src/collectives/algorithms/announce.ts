import { describe } from "../../calls/typed-array.ts";
import { decode } from "../../wire/codec/codec.ts";
import type { Peers } from "../../wire/peers.ts";
import { disagree, labelOf } from "./combine.ts";
import { frames, isFrames } from "./raw-parcel.ts";
import type { Tree } from "./trees.ts";

/**
 * Finds out when ranks do not agree on the size of their arrays, before they wait for each other in different algorithms.
 *
 * Whether a reduction is done whole or in pieces depends on the size of each rank's own array. A rank that does it in pieces first
 * sends a label to its neighbours in the tree for small values, and checks what they send. If all ranks work in pieces, this costs
 * two tiny messages per edge. If ranks differ, some edge of the tree has different ends. Take the one nearest to the leaves. Below it
 * all ranks agree, so its lower end sends: its label at once, or its whole value when its subtree is done. Its upper end receives a
 * label instead of a value, or the reverse, or another label. That rank throws, and its failure notice ends the call on all ranks
 * that wait. The labels sent downwards stop the ranks that wait only for a result.
 */
export async function announce(peers: Peers, tree: Tree, algorithm: string, value: unknown): Promise<void> {
  const label = `${describe(value)} (${algorithm})`;
  const parcel = frames([Buffer.from(label)]);
  const neighbours = tree.parent === undefined ? tree.children : [tree.parent, ...tree.children];
  const check = async (neighbour: number): Promise<void> => {
    const arrived = await peers.recv(neighbour);
    const theirs = isFrames(arrived) ? labelOf(arrived) : describe(decode(arrived));
    if (theirs !== label) throw disagree(theirs, label);
  };
  await Promise.all(neighbours.flatMap((neighbour) => [peers.send(neighbour, parcel), check(neighbour)]));
}
