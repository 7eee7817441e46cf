import { levels } from "./host-levels.ts";

/** One rank's place in a tree. */
export interface Tree {
  readonly parent: number | undefined;
  /** Nearest first, because the smallest subtree is complete first. Messages down go to the last child first. */
  readonly children: readonly number[];
}

/** The smallest power of two that is at least n. */
function powerAbove(n: number): number {
  let power = 1;
  while (power < n) power *= 2;
  return power;
}

/** The largest power of two that is at most n. */
export function powerBelow(n: number): number {
  const power = powerAbove(n);
  return power === n ? power : power / 2;
}

/**
 * Binomial tree on the ranks counted from the root. The subtree below v (v = rank - root, modulo size) holds the
 * consecutive v .. v + span - 1, so that gather and scatter send one range per message.
 *
 *     0 ─┬─ 4 ─┬─ 6 ─── 7        0 has children 1, 2, 4; 4 has 5, 6; 6 has 7
 *        │     └─ 5
 *        ├─ 2 ─── 3
 *        └─ 1
 */
export function binomial(size: number, rank: number, root: number): Tree & { readonly span: number } {
  const v = (rank - root + size) % size;
  const reach = v === 0 ? powerAbove(size) : v & -v;
  const children: number[] = [];
  for (let mask = 1; mask < reach && v + mask < size; mask *= 2) children.push((rank + mask) % size);
  const parent = v === 0 ? undefined : (v - reach + root) % size;
  return { parent, children, span: Math.min(reach, size - v) };
}

/**
 * How a number of ranks that is not a power of two becomes one: the first ranks go in pairs, and one of each pair acts
 * for both in a `slot`. Slots keep the order of ranks. The root, if it is in a pair, is the one that acts.
 *
 *     ranks  0 1 | 2 3 | 4 | 5 | ...      size 6: two pairs, four slots
 *     slots   0  |  1  | 2 | 3
 */
export interface Fold {
  readonly slots: number;
  readonly slot: number;
  readonly slotOf: (rank: number) => number;
  /** The rank that acts for a slot. */
  readonly actorOf: (slot: number) => number;
  /** The other rank of this rank's pair. */
  readonly partner: number | undefined;
}

export function fold(size: number, rank: number, root = 0): Fold {
  const slots = powerBelow(size);
  const pairs = size - slots;
  const slotOf = (r: number): number => (r < 2 * pairs ? r >> 1 : r - pairs);
  const actorOf = (slot: number): number => {
    if (slot >= pairs) return slot + pairs;
    return slot === root >> 1 ? root : 2 * slot;
  };
  return { slots, slot: slotOf(rank), slotOf, actorOf, partner: rank < 2 * pairs ? rank ^ 1 : undefined };
}

/** The ranks that act, in the order of slots. */
export function actors({ slots, actorOf }: Fold): number[] {
  return Array.from({ length: slots }, (_, slot) => actorOf(slot));
}

/**
 * The tree within the hypercube of slots that has `root` at its top: a binomial tree for reductions. Below a rank at
 * distance 2^k are 2^k consecutive slots, all before or all behind its own, so combining children nearest first keeps
 * the order of ranks from any root, and in the very brackets of recursive doubling.
 *
 *     root 0 of 6:   0 ─┬─ (1)            root 5 of 6:  5 ─┬─ 4
 *                       ├─ 2 ─ (3)                         └─ 2 ─┬─ (3)      ( ) = folded
 *                       └─ 4 ─── 5                               └─ 0 ─ (1)
 */
export function folded(size: number, rank: number, root: number): Tree {
  const { slots, slot, slotOf, actorOf, partner } = fold(size, rank, root);
  if (actorOf(slot) !== rank) return { parent: actorOf(slot), children: [] };
  const v = slot ^ slotOf(root);
  const reach = v === 0 ? slots : v & -v;
  const children: number[] = partner === undefined ? [] : [partner];
  for (let mask = 1; mask < reach; mask *= 2) children.push(actorOf(slot ^ mask));
  return { parent: v === 0 ? undefined : actorOf(slot ^ reach), children };
}

/** A tree of one shape within each host, below one of that shape among the leaders of the hosts. */
export function layered(shape: typeof folded, hosts: readonly number[], rank: number, root: number): Tree {
  const { members, leader, leaders } = levels(hosts, rank, root);
  const inner = subtree(shape, members, rank, leader);
  if (rank !== leader) return inner;
  const rootLeader = leaders.find((one) => hosts[one] === hosts[root]) as number;
  const outer = subtree(shape, leaders, rank, rootLeader);
  return { parent: outer.parent, children: [...inner.children, ...outer.children] };
}

function subtree(shape: typeof folded, ranks: readonly number[], rank: number, root: number): Tree {
  const { parent, children } = shape(ranks.length, ranks.indexOf(rank), ranks.indexOf(root));
  return {
    parent: parent === undefined ? undefined : ranks[parent],
    children: children.map((child) => ranks[child] as number),
  };
}
