import { strict as assert } from "node:assert";
import { type Communicator, type Intercommunicator, max, sum } from "tsmpi";
import type { Case } from "../case.ts";
import { mpiError } from "./expected-error.ts";

interface Halves {
  inter: Intercommunicator;
  left: boolean;
  /** Ranks in the world of this group and of the other. */
  ours: number[];
  theirs: number[];
}

/** Cuts the world after its first third: groups of different sizes. The right group's leader is its last rank. */
async function halves(world: Communicator, tag?: number): Promise<Halves> {
  const cut = Math.max(1, Math.floor(world.size / 3));
  const left = world.rank < cut;
  const local = await world.split(left ? "left" : "right");
  const inter = await local.intercomm({
    leader: left ? 0 : local.size - 1,
    bridge: world,
    remoteLeader: left ? world.size - 1 : 0,
    tag,
  });
  const lefts = Array.from({ length: cut }, (_, i) => i);
  const rights = Array.from({ length: world.size - cut }, (_, i) => cut + i);
  return { inter, left, ours: left ? lefts : rights, theirs: left ? rights : lefts };
}

export const cases: Case[] = [
  {
    name: "an intercommunicator knows both groups",
    from: 2,
    async program(world) {
      const { inter, ours, theirs } = await halves(world, 12);
      assert.equal(inter.rank, ours.indexOf(world.rank));
      assert.deepEqual([inter.size, inter.remoteSize], [ours.length, theirs.length]);
      assert.deepEqual([inter.group.size, inter.remoteGroup.size], [ours.length, theirs.length]);
      assert.equal(inter.group.intersection(inter.remoteGroup).size, 0);
    },
  },
  {
    name: "messages go to ranks of the other group",
    from: 2,
    async program(world) {
      const { inter, theirs } = await halves(world);
      const sends = theirs.map((_, dest) => inter.send({ from: world.rank, dest }, { dest, tag: inter.rank }));
      for (const [source, from] of theirs.entries()) {
        const message = await inter.recvMessage({ source });
        assert.deepEqual([message.data, message.source, message.tag], [{ from, dest: inter.rank }, source, source]);
      }
      await Promise.all(sends);
      await assert.rejects(inter.send(1, { dest: inter.remoteSize }), mpiError("invalid-argument", /dest is/));
      assert.equal(await world.iprobe(), undefined);
    },
  },
  {
    name: "collectives with a root carry data from one group to the other",
    from: 2,
    async program(world) {
      const { inter, left, ours, theirs } = await halves(world);
      for (const fromLeft of [true, false]) {
        const [givers, takers] = fromLeft === left ? [ours, theirs] : [theirs, ours];
        for (const [rank] of givers.entries()) {
          const mine = fromLeft === left;
          const root = mine ? (inter.rank === rank ? "here" : null) : rank;
          const value = { root: rank, large: new Float64Array(20_000).fill(rank) };
          assert.deepEqual(await inter.bcast(() => value, { root }), mine ? undefined : value);
          const parts = takers.map((taker) => `part for ${taker}`);
          assert.equal(await inter.scatter(parts, { root }), mine ? undefined : `part for ${world.rank}`);
          const gathered = await inter.gather(world.rank, { root });
          assert.deepEqual(gathered, root === "here" ? takers : undefined);
          const total = takers.reduce((a, b) => a + b);
          assert.equal(await inter.reduce(world.rank, sum, { root }), root === "here" ? total : undefined);
        }
      }
    },
  },
  {
    name: "collectives without a root exchange the groups' data",
    from: 2,
    async program(world) {
      const { inter, theirs } = await halves(world);
      await inter.barrier();
      assert.deepEqual(await inter.allgather(world.rank), theirs);
      assert.equal(await inter.allreduce(world.rank, max), Math.max(...theirs));
      const words = await inter.allreduce(`${world.rank} `, (a, b) => a + b);
      assert.equal(words, theirs.map((rank) => `${rank} `).join(""));
      const parts = theirs.map((rank) => [world.rank, rank]);
      assert.deepEqual(
        await inter.alltoall(parts),
        theirs.map((rank) => [rank, world.rank]),
      );
    },
  },
  {
    name: "objects with large arrays, nothing at all, and parts of different lengths pass between groups",
    from: 2,
    async program(world) {
      const { inter, left, theirs } = await halves(world);
      const thing = (from: number): object => ({ from, data: new Float64Array(30_000 + from).fill(from) });
      assert.deepEqual(await inter.allgather(thing(world.rank)), theirs.map(thing));
      assert.deepEqual(
        await inter.alltoall(theirs.map((to) => new Uint8Array(world.rank + to))),
        theirs.map((from) => new Uint8Array(world.rank + from)),
      );
      for (const nothing of [undefined, null, "", []]) {
        assert.deepEqual(
          await inter.allgather(nothing),
          theirs.map(() => nothing),
        );
      }
      const root = left ? 0 : inter.rank === 0 ? "here" : null;
      const longest = await inter.reduce("*".repeat(world.rank), (a, b) => (b.length > a.length ? b : a), { root });
      assert.equal(longest, root === "here" ? "*".repeat(Math.max(...theirs)) : undefined);
      const partner = inter.rank < inter.remoteSize ? inter.rank : null;
      const swapped = await inter.sendrecv<object | undefined>(thing(world.rank), { dest: partner, source: partner });
      assert.deepEqual(swapped, partner === null ? undefined : thing(theirs[partner] as number));
    },
  },
  {
    name: "collectives of two groups match in the order issued, any number at once",
    from: 2,
    async program(world) {
      const { inter, left, theirs } = await halves(world);
      const root = left ? (inter.rank === 0 ? "here" : null) : 0;
      const many = Array.from({ length: 20 }, (_, i) => [inter.bcast(i, { root }), inter.allgather(i)]).flat();
      const expected = Array.from({ length: 20 }, (_, i) => [left ? undefined : i, theirs.map(() => i)]).flat();
      assert.deepEqual(await Promise.all(many), expected);
    },
  },
  {
    name: "merge makes one communicator, the high group behind",
    from: 2,
    async program(world) {
      const { inter, left, ours, theirs } = await halves(world);
      const [lefts, rights] = left ? [ours, theirs] : [theirs, ours];
      const first = await inter.merge({ high: !left });
      assert.deepEqual(await first.allgather(world.rank), [...lefts, ...rights]);
      const second = await inter.merge({ high: left });
      assert.deepEqual(await second.allgather(world.rank), [...rights, ...lefts]);
      const either = await inter.merge({ high: false });
      assert.deepEqual(await either.allgather(world.rank), [...lefts, ...rights]);
      const twin = await inter.dup();
      assert.equal(await twin.allreduce(1, sum), theirs.length);
    },
  },
  {
    name: "mistakes between groups are told",
    from: 2,
    async program(world) {
      const { inter } = await halves(world);
      const wrong = inter.bcast(1, { root: "there" as "here" });
      await assert.rejects(wrong, mpiError("invalid-argument", /root is/));
      await assert.rejects(inter.alltoall([]), mpiError("invalid-argument"));
      await assert.rejects(inter.gather(1, { root: 99 }), mpiError("invalid-argument", /root is 99/));
      const twin = await world.dup();
      const overlap = world.intercomm({ bridge: twin, remoteLeader: 0 });
      await assert.rejects(overlap, mpiError("invalid-argument", /in both groups/));
      await inter.close();
      await assert.rejects(inter.barrier(), mpiError("closed", /barrier/));
    },
  },
  {
    name: "collectives of two groups fill an array",
    from: 2,
    async program(world) {
      const { inter, left, ours, theirs } = await halves(world);
      const own = new Float64Array([world.rank, 1]);
      const both = theirs.flatMap((rank) => [rank, 1]);
      const room = (): Float64Array => new Float64Array(both.length);
      const root = left ? (inter.rank === 0 ? "here" : null) : 0;
      const pair = new Float64Array(2);
      const got = await inter.bcast(own, { root, into: pair });
      assert.equal(got, left ? undefined : pair);
      if (!left) assert.deepEqual([...pair], [0, 1]);
      const parts = theirs.map((rank) => new Float64Array([rank]));
      const part = await inter.scatter(parts, { root, into: new Float64Array(1) });
      assert.deepEqual(part && [...part], left ? undefined : [world.rank]);
      const gathered = await inter.gather(own, { root, into: room() });
      assert.deepEqual(gathered && [...gathered], root === "here" ? both : undefined);
      const total = [theirs.reduce((a, b) => a + b), theirs.length];
      const reduced = await inter.reduce(own, sum, { root, into: new Float64Array(2) });
      assert.deepEqual(reduced && [...reduced], root === "here" ? total : undefined);
      assert.deepEqual([...(await inter.allgather(own, { into: room() }))], both);
      assert.deepEqual([...(await inter.allreduce(own, sum, { into: new Float64Array(2) }))], total);
      const swapped = await inter.alltoall(
        theirs.map(() => own),
        { into: room() },
      );
      assert.deepEqual([...swapped], both);
      assert.equal(ours.includes(world.rank), true);
    },
  },
  {
    name: "reduceScatter between groups combines in the order of ranks; scan and exscan are refused",
    from: 2,
    async program(world) {
      const { inter, theirs } = await halves(world);
      const parts = theirs.map((_, to) => world.rank * 10 + to);
      const mine = await inter.reduceScatter(parts, sum);
      assert.equal(
        mine,
        theirs.reduce((total, rank) => total + rank * 10 + inter.rank, 0),
      );
      const words = await inter.reduceScatter(
        theirs.map((_, to) => `${world.rank}:${to} `),
        (a, b) => a + b,
      );
      assert.equal(words, theirs.map((rank) => `${rank}:${inter.rank} `).join(""));
      const arrays = theirs.map(() => new Float64Array([world.rank]));
      const into = new Float64Array(1);
      assert.equal(await inter.reduceScatter(arrays, max, { into }), into);
      assert.deepEqual([...into], [Math.max(...theirs)]);
      await assert.rejects(inter.reduceScatter([], sum), mpiError("invalid-argument", /parts/));
      const untyped = inter as unknown as Record<"scan" | "exscan", (value: number, op: unknown) => Promise<never>>;
      const refused = /scan\(\) on an intercommunicator: .* merge\(\) makes one communicator of both/;
      await assert.rejects(untyped.scan(1, sum), refused);
      await assert.rejects(untyped.exscan(1, sum), refused);
    },
  },
];
