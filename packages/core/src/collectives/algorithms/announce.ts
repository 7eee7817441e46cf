import { describe } from "../../calls/typed-array.ts";
import { decode } from "../../wire/codec/codec.ts";
import type { Peers } from "../../wire/peers.ts";
import { disagree, labelOf } from "./combine.ts";
import { frames, isFrames } from "./raw-parcel.ts";
import type { Tree } from "./trees.ts";

/**
 * Tells ranks that must agree on a size, but do not, before they wait for each other in different algorithms.
 *
 * Whether a reduction is done whole or in pieces depends on the size of each rank's own array. A rank that does it in
 * pieces first sends a label to its neighbours in the tree that it would use for a small value, and looks at what they
 * send. With all ranks in pieces those are two tiny messages per edge, beside the real ones. If ranks differ, some edge
 * of the tree has different ends. Take the one nearest to the leaves: below it all ranks are of one mind, so its lower
 * end does send (its label at once, or its whole value when its subtree is done) and its upper end does receive: a
 * label where a value should be, or the reverse, or another label. That rank throws, and its notice ends the
 * call on all ranks that wait. The labels downwards stop those who wait for a result only.
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
