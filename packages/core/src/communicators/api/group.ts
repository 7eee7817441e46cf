import { checkRank, invalid, show } from "../../calls/check.ts";
import { recognise } from "../../calls/package-copies.ts";

/**
 * An ordered set of ranks of the world that never changes: what a new communicator can be made of.
 *
 * Members are named by their rank in the world, so groups of different communicators can be compared. A rank *in* a group is
 * a place in its order.
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

  /**
   * Makes a group.
   * @param members ranks in the world, each at most once
   * @throws MpiError `invalid-argument` for anything that is no rank, and for a rank that is there twice
   */
  constructor(members: Iterable<number>) {
    this.members = Object.freeze([...members]);
    for (const member of this.members) {
      if (!Number.isInteger(member) || member < 0)
        throw invalid(`a group's member is ${show(member)}, but it is a rank`);
    }
    this.#ranks = new Map(this.members.map((member, rank) => [member, rank]));
    if (this.#ranks.size < this.members.length) throw invalid("a rank is in a group once: this one has doubles");
  }

  /** Number of members. */
  get size(): number {
    return this.members.length;
  }

  /**
   * Whether a rank of the world is a member.
   * @param member a rank in the world
   */
  has(member: number): boolean {
    return this.#ranks.has(member);
  }

  /**
   * The rank in this group of a rank of the world; undefined when it is not a member.
   * @param member a rank in the world
   */
  rankOf(member: number): number | undefined {
    return this.#ranks.get(member);
  }

  /**
   * The members of this group, then those of the other that are not in this one.
   * @param other a group
   */
  union(other: Group): Group {
    return new Group(new Set([...this.members, ...other.members]));
  }

  /**
   * The members of both groups, in the order of this one.
   * @param other a group
   */
  intersection(other: Group): Group {
    return new Group(this.members.filter((member) => other.has(member)));
  }

  /**
   * The members of this group that are not in the other one.
   * @param other a group
   */
  difference(other: Group): Group {
    return new Group(this.members.filter((member) => !other.has(member)));
  }

  /**
   * A group of these ranks of this one, in this order.
   * @param ranks ranks in this group
   * @throws MpiError `invalid-argument` for a rank that the group does not have
   */
  include(ranks: Iterable<number>): Group {
    return new Group([...ranks].map((rank) => this.#member(rank)));
  }

  /**
   * This group without these ranks of it.
   * @param ranks ranks in this group
   * @throws MpiError `invalid-argument` for a rank that the group does not have
   */
  exclude(ranks: Iterable<number>): Group {
    const out = new Set([...ranks].map((rank) => this.#member(rank)));
    return new Group(this.members.filter((member) => !out.has(member)));
  }

  /**
   * The ranks in the other group of these ranks of this one; undefined for a rank that is not in it.
   * @param ranks ranks in this group
   * @param other a group
   * @throws MpiError `invalid-argument` for a rank that the group does not have
   */
  translate(ranks: Iterable<number>, other: Group): (number | undefined)[] {
    return [...ranks].map((rank) => other.rankOf(this.#member(rank)));
  }

  /**
   * `identical`: the same ranks in the same order; `similar`: in another order; else `unequal`.
   * @param other a group
   */
  compare(other: Group): "identical" | "similar" | "unequal" {
    if (this.size !== other.size || !this.members.every((member) => other.has(member))) return "unequal";
    return this.members.every((member, rank) => other.members[rank] === member) ? "identical" : "similar";
  }

  /** Gives the members one by one. */
  [Symbol.iterator](): Iterator<number> {
    return this.members[Symbol.iterator]();
  }

  #member(rank: number): number {
    checkRank("rank", rank, this.size);
    return this.members[rank] as number;
  }
}
