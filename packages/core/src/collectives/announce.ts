import type { Peers } from "../peers.ts";
import { decode } from "../codec.ts";
import { describe } from "../op.ts";
import { disagree, labelOf } from "./combine.ts";
import { frames, isFrames } from "./frames.ts";
import type { Tree } from "./trees.ts";

/**
 * Tells ranks that must agree on a size, but do not, before they wait for each other in different algorithms.
 *
 * Whether a reduction is done whole or in pieces depends on the size of each rank's own array. A rank that does it in
 * pieces also sends a label up the tree that it would use for a small value, and looks at what its children send. With
 * all ranks in pieces that is one tiny message per rank, in parallel to the real ones. If they differ, some edge of the
 * tree has different ends. Take the one nearest to the leaves: below it all ranks are of one mind, so its lower end
 * does send (its label at once, or its whole value when its subtree is done) and its upper end does receive: a label
 * where a value should be, or the reverse, or another label. That rank throws, and a collective that fails on one rank
 * fails on all.
 */
export async function announce(peers: Peers, tree: Tree, algorithm: string, value: unknown): Promise<void> {
  const label = `${describe(value)} (${algorithm})`;
  const check = async (child: number): Promise<void> => {
    const parcel = await peers.recv(child);
    const theirs = isFrames(parcel) ? labelOf(parcel) : describe(decode(parcel));
    if (theirs !== label) throw disagree(theirs, label);
  };
  const up = tree.parent === undefined ? [] : [peers.send(tree.parent, frames([Buffer.from(label)]))];
  await Promise.all([...up, ...tree.children.map(check)]);
}
