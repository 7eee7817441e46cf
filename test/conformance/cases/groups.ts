import { strict as assert } from "node:assert";
import { type Communicator, Group, sum } from "tsmpi";
import type { Case } from "../case.ts";
import { mpiError } from "./expected-error.ts";

const even = ({ size }: Communicator): number[] => Array.from({ length: Math.ceil(size / 2) }, (_, i) => 2 * i);

export const cases: Case[] = [
  {
    name: "a communicator's group has its ranks in order",
    async program(world) {
      assert.equal(world.group.size, world.size);
      const reversed = await world.split(0, { key: -world.rank });
      assert.deepEqual([...reversed.group], [...world.group].reverse());
      assert.equal(reversed.group.compare(world.group), world.size === 1 ? "identical" : "similar");
    },
  },
  {
    name: "union, intersection and difference of groups keep the first one's order",
    async program() {
      const a = new Group([5, 1, 3]);
      const b = new Group([3, 4, 5]);
      const empty = new Group([]);
      assert.deepEqual([...a.union(b)], [5, 1, 3, 4]);
      assert.deepEqual([...a.intersection(b)], [5, 3]);
      assert.deepEqual([...a.difference(b)], [1]);
      for (const group of [a, empty]) {
        assert.equal(group.union(empty).compare(group), "identical");
        assert.equal(empty.union(group).compare(group), "identical");
        assert.equal(group.union(group).compare(group), "identical");
        assert.equal(group.difference(group).size, 0);
        assert.equal(group.intersection(empty).size, 0);
      }
    },
  },
  {
    name: "a group includes and excludes ranks of itself, and translates them",
    async program(world) {
      const { group } = world;
      const half = group.include(even(world));
      assert.deepEqual([...half.union(group.exclude(even(world)))].sort(), [...group].sort());
      assert.equal(group.exclude([]).compare(group), "identical");
      assert.equal(group.include([]).size, 0);
      const places = Array.from({ length: world.size }, (_, rank) => (rank % 2 === 0 ? rank / 2 : undefined));
      assert.deepEqual(group.translate(world.group.members.keys(), half), places);
      assert.equal(half.rankOf(group.members[0] as number), 0);
      assert.throws(() => group.include([world.size]), mpiError("invalid-argument", /rank is/));
      assert.throws(() => new Group([1, 1]), mpiError("invalid-argument", /once/));
      assert.throws(() => new Group([-1]), mpiError("invalid-argument", /-1/));
    },
  },
  {
    name: "a subset of ranks is a communicator in the order given, and null on the others",
    async program(world) {
      const ranks = even(world).reverse();
      const comm = await world.subset(ranks);
      assert.equal(comm === null, world.rank % 2 === 1);
      if (comm === null) return;
      assert.equal(comm.rank, ranks.indexOf(world.rank));
      assert.deepEqual(await comm.allgather(world.rank), ranks);
    },
  },
  {
    name: "a subset by a group, also of a group that came from elsewhere",
    async program(world) {
      const reversed = await world.split(0, { key: -world.rank });
      const first = reversed.group.include([0]);
      const comm = await world.subset(first);
      assert.equal(comm === null, world.rank !== world.size - 1);
      assert.equal(await world.subset([]), null);
      assert.equal(await (await world.subset(world.group))?.allreduce(1, sum), world.size);
    },
  },
  {
    name: "ranks that name different subsets are told so, all of them",
    from: 2,
    async program(world) {
      await assert.rejects(world.subset([world.rank]), mpiError("mismatch", /rank 0 says.*\[.*rank \d+ says/));
      await assert.rejects(world.subset([0, 0]), mpiError("invalid-argument", /once/));
      await assert.rejects(world.subset([world.size]), mpiError("invalid-argument", /rank is/));
      await assert.rejects(world.subset(new Group([9999])), mpiError("invalid-argument", /9999/));
      assert.equal(await world.allreduce(1, sum), world.size);
    },
  },
];
