import { strict as assert } from "node:assert";
import { type Communicator, lor, max, min, sum } from "tsmpi";
import type { Case } from "../case.ts";
import { mpiError } from "./expected-error.ts";

/** Two groups that talk to each other: the even and the odd ranks. */
async function evenAndOdd(half: Communicator, world: Communicator): ReturnType<Communicator["intercomm"]> {
  return half.intercomm({ bridge: world, remoteLeader: world.rank % 2 === 0 ? 1 : 0 });
}

export const cases: Case[] = [
  {
    name: "agree combines the values of all ranks in their order",
    async program(world) {
      const { rank, size } = world;
      assert.equal(await world.agree(true), true);
      assert.equal(await world.agree(rank > 0), size > 1 ? false : rank > 0);
      assert.equal(await world.agree(rank === size - 1, lor), true);
      assert.equal(await world.agree(10 + rank, min), 10);
      assert.equal(await world.agree(rank, max), size - 1);
      assert.deepEqual(await world.agree([rank, size - rank], max), [size - 1, size]);
      assert.deepEqual(
        await world.agree(Float64Array.of(1, rank), sum),
        Float64Array.of(size, (size * (size - 1)) / 2),
      );
      const texts = await world.agree(`${rank}`, (a, b) => `${a}${b}`);
      assert.equal(texts, Array.from({ length: size }, (_, each) => each).join(""));
    },
  },
  {
    name: "agreements that are under way at the same time do not meet",
    async program(world) {
      await using pair = await world.dup();
      const answers = await Promise.all([
        world.agree(1, sum),
        world.agree(2, sum),
        pair.agree(3, sum),
        world.barrier(),
      ]);
      assert.deepEqual(answers.slice(0, 3), [world.size, 2 * world.size, 3 * world.size]);
    },
  },
  {
    name: "agree refuses values that are too large or of another kind, before others are asked",
    async program(world) {
      await assert.rejects(world.agree(new Float64Array(1000), max), mpiError("invalid-argument", /4096 bytes/));
      await assert.rejects(world.agree("yes" as never), mpiError("invalid-argument", /land takes/));
      await assert.rejects(world.agree(1, "sum" as never), mpiError("invalid-argument", /op is a string/));
      assert.equal(await world.agree(1, sum), world.size);
    },
  },
  {
    name: "ranks that ask different things are told so, all of them, and can go on",
    from: 2,
    async program(world) {
      await assert.rejects(
        world.rank === 0 ? world.agree(1, sum) : world.agree(1, max),
        mpiError("mismatch", /rank 0 of the world is in agree\(sum\), rank 1 in agree\(max\)/),
      );
      assert.equal(await world.agree(1, sum), world.size);
    },
  },
  {
    name: "revoke ends what waits, on all ranks, and later calls; other communicators go on",
    async program(world) {
      await using pair = await world.dup();
      const other = (world.rank + 1) % world.size;
      const waiting = [
        pair.recv({ source: other, tag: 5 }),
        pair.recvMessage({ tag: 6 }),
        pair.probe({ tag: 7 }),
        ...(world.rank === 0 ? [] : [pair.allreduce(1, sum), pair.allgather(new Float64Array(5000))]),
      ];
      const errors = Promise.all(waiting.map((each) => assert.rejects(each, mpiError("revoked", /has revoked/))));
      if (world.rank === world.size - 1) await pair.revoke();
      await errors;
      await assert.rejects(pair.barrier(), mpiError("revoked"));
      await assert.rejects(pair.send(1, { dest: other }), mpiError("revoked"));
      await assert.rejects(pair.recv({ source: other }), mpiError("revoked"));
      await assert.rejects(pair.split(0), mpiError("revoked"));
      await assert.rejects(
        pair.map((x) => x, [1]),
        mpiError("revoked"),
      );
      await pair.revoke();
      assert.equal(await pair.agree(1, sum), world.size);
      await pair.close();
      await assert.rejects(pair.agree(true), mpiError("closed"));
      assert.equal(await world.allreduce(1, sum), world.size);
    },
  },
  {
    name: "large messages of a revoked communicator settle, and leave no rank waiting",
    from: 2,
    async program(world) {
      await using pair = await world.dup();
      const dest = (world.rank + 1) % world.size;
      const sends = [10, 20_000, 400_000].map((length) => pair.send(new Float64Array(length), { dest, sync: true }));
      const settled = Promise.allSettled(sends);
      if (world.rank === 0) await pair.revoke();
      for (const each of await settled) {
        if (each.status === "rejected") assert.equal(each.reason.code, "revoked");
      }
      // Credit has come back: as much again can be sent elsewhere.
      const source = (world.rank + world.size - 1) % world.size;
      for (let i = 0; i < 20; i++) {
        const got = await world.sendrecv<Float64Array>(new Float64Array(50_000).fill(i), { dest, source });
        assert.equal(got[49_999], i);
      }
    },
  },
  {
    name: "shrink keeps the order of ranks; where nobody is gone, both communicators work",
    async program(world) {
      await using reversed = await world.split(0, { key: -world.rank });
      await using left = await reversed.shrink();
      assert.deepEqual([...left.group.members], [...reversed.group.members]);
      assert.equal(await left.allreduce(1, sum), world.size);
      assert.deepEqual(left.failed, []);
      await reversed.barrier();
      await reversed.agree(true); // some may still wait in the barrier
      await reversed.revoke();
      await using once = await left.shrink();
      await using again = await once.shrink();
      assert.deepEqual(await again.allgather(world.rank), [...reversed.group.members]);
    },
  },
  {
    name: "shrink of a grid gives a communicator without a grid",
    async program(world) {
      await using grid = await world.cart([world.size], { periodic: true });
      await using left = await grid.shrink();
      assert.ok(!("dims" in left));
      assert.equal(await left.allreduce(1, sum), world.size);
    },
  },
  {
    name: "both groups of an intercommunicator agree, revoke and shrink together",
    from: 2,
    async program(world) {
      await using half = await world.split(world.rank % 2);
      await using other = await evenAndOdd(half, world);
      assert.equal(await other.agree(world.rank, max), world.size - 1);
      assert.deepEqual(other.failed, []);
      const waiting = assert.rejects(other.recv({ source: 0, tag: 3 }), mpiError("revoked"));
      if (world.rank === 1) await other.revoke();
      await waiting;
      await assert.rejects(other.barrier(), mpiError("revoked"));
      await using left = await other.shrink();
      assert.equal(left.remoteSize, other.remoteSize);
      await using all = await left.merge({ high: world.rank % 2 === 1 });
      assert.equal(await all.allreduce(1, sum), world.size);
    },
  },
];
