import { checkRank, invalid, show } from "../../calls/check.ts";
import { recognise } from "../../calls/package-copies.ts";

/**
 * An ordered set of ranks of the world, that never changes: what a new communicator may be made of.
 *
 * Two groups are of the same ranks whichever communicator they come from, for members are named by their rank in the
 * world; a rank *in* a group is a place in its order.
 *
 * ```ts
 * const odd = world.group.include([1, 3, 5]);
 * const rest = world.group.difference(odd);
 * const comm = await world.subset(rest);      // null on ranks 1, 3 and 5
 * ```
 */
export class Group implements Iterable<number> {
  static {
    recognise(Group, "Group");
  }

  /** Rank in the world of each rank of the group. */
  readonly members: readonly number[];
  readonly #ranks: ReadonlyMap<number, number>;

  /** @param members ranks in the world, each at most once */
  constructor(members: Iterable<number>) {
    this.members = Object.freeze([...members]);
    for (const member of this.members) {
      if (!Number.isInteger(member) || member < 0)
        throw invalid(`a group's member is ${show(member)}, but it is a rank`);
    }
    this.#ranks = new Map(this.members.map((member, rank) => [member, rank]));
    if (this.#ranks.size < this.members.length) throw invalid("a rank is in a group once: this one has doubles");
  }

  get size(): number {
    return this.members.length;
  }

  has(member: number): boolean {
    return this.#ranks.has(member);
  }

  /** The rank in this group of a rank of the world; undefined when it is not a member. */
  rankOf(member: number): number | undefined {
    return this.#ranks.get(member);
  }

  /** Those of this group, then those of the other that are not in this one. */
  union(other: Group): Group {
    return new Group(new Set([...this.members, ...other.members]));
  }

  /** Those that are in both, in the order of this group. */
  intersection(other: Group): Group {
    return new Group(this.members.filter((member) => other.has(member)));
  }

  /** Those that are not in the other group. */
  difference(other: Group): Group {
    return new Group(this.members.filter((member) => !other.has(member)));
  }

  /** These ranks of the group, in this order. */
  include(ranks: Iterable<number>): Group {
    return new Group([...ranks].map((rank) => this.#member(rank)));
  }

  /** The group without these ranks of it. */
  exclude(ranks: Iterable<number>): Group {
    const out = new Set([...ranks].map((rank) => this.#member(rank)));
    return new Group(this.members.filter((member) => !out.has(member)));
  }

  /** What each of these ranks of the group is in the other one; undefined where it is not in it. */
  translate(ranks: Iterable<number>, other: Group): (number | undefined)[] {
    return [...ranks].map((rank) => other.rankOf(this.#member(rank)));
  }

  /** `identical`: the same ranks in the same order; `similar`: in another order; else `unequal`. */
  compare(other: Group): "identical" | "similar" | "unequal" {
    if (this.size !== other.size || !this.members.every((member) => other.has(member))) return "unequal";
    return this.members.every((member, rank) => other.members[rank] === member) ? "identical" : "similar";
  }

  [Symbol.iterator](): Iterator<number> {
    return this.members[Symbol.iterator]();
  }

  #member(rank: number): number {
    checkRank("rank", rank, this.size);
    return this.members[rank] as number;
  }
}
