import { strict as assert } from "node:assert";
import { type Communicator, sum } from "tsmpi";
import type { Case } from "../case.ts";
import { mpiError } from "./expected-error.ts";

export const cases: Case[] = [
  {
    name: "split makes a communicator for each colour, ordered by key",
    async program(world) {
      const color = world.rank % 2;
      const half = await world.split(color, { key: -world.rank });
      const members = Array.from({ length: world.size }, (_, rank) => rank).filter((rank) => rank % 2 === color);
      assert.equal(half.size, members.length);
      assert.equal(half.rank, members.length - 1 - members.indexOf(world.rank));
      assert.deepEqual(await half.allgather(world.rank), members.toReversed());
    },
  },
  {
    name: "keys may be negative, fractional and equal; colours any number or word",
    async program(world) {
      const { rank, size } = world;
      const ranks = Array.from({ length: size }, (_, r) => r);
      const key = (r: number): number => ((r * 3) % 4) / 2 - 1;
      const sorted = ranks.toSorted((a, b) => key(a) - key(b) || a - b);
      const comm = await world.split(-1.5, { key: key(rank) });
      assert.deepEqual(await comm.allgather(rank), sorted);
      const own = await world.split(`rank ${rank}`);
      assert.deepEqual([own.rank, own.size], [0, 1]);
      const number = await world.split(rank % 2 === 0 ? 1 : "1"); // a number is not the word for it
      assert.deepEqual(
        await number.allgather(rank),
        ranks.filter((r) => r % 2 === rank % 2),
      );
    },
  },
  {
    name: "messages that are on their way while communicators are made arrive where they were sent",
    async program(world) {
      const { rank, size } = world;
      const next = (rank + 1) % size;
      const large = new Float64Array(100_000).fill(rank);
      const sent = [world.send("small", { dest: next }), world.send(large, { dest: next })];
      const twin = await world.dup();
      const half = await world.split(rank % 2);
      const before = (rank + size - 1) % size;
      void twin.send("twin", { dest: next });
      assert.equal(await twin.recv(), "twin");
      assert.equal(await half.iprobe(), undefined);
      assert.equal(await world.recv({ source: before }), "small");
      assert.equal((await world.recv<Float64Array>({ source: before }))[0], before);
      await Promise.all(sent);
    },
  },
  {
    name: "a rank that splits with null is in no communicator",
    async program(world) {
      const others = await world.split(world.rank === 0 ? null : "others");
      assert.equal(others === null, world.rank === 0);
      if (others !== null) assert.equal(await others.allreduce(1, sum), world.size - 1);
    },
  },
  {
    name: "split by host gives the ranks that share one",
    async program(world) {
      const node = await world.split(world.host);
      assert.ok(node.hosts.every((host) => host === world.host));
      assert.equal(node.size, world.hosts.filter((host) => host === world.host).length);
    },
  },
  {
    name: "a job with one program has program 0 everywhere, and split by it keeps the world",
    async program(world) {
      assert.equal(world.program, 0);
      const own = await world.split(world.program);
      assert.deepEqual([own.program, own.rank, own.size], [0, world.rank, world.size]);
    },
  },
  {
    name: "messages of one communicator never match another's",
    async program(world) {
      const twin = await world.dup();
      const next = (world.rank + 1) % world.size;
      void world.send("world", { dest: next });
      void twin.send("twin", { dest: next });
      assert.equal(await twin.recv(), "twin");
      assert.equal(await world.recv(), "world");
    },
  },
  {
    name: "messages of a communicator that is freed do not reach the one made after it",
    async program(world) {
      const next = (world.rank + 1) % world.size;
      const first = await world.dup();
      await first.send("never received", { dest: next });
      await first.close();
      const second = await world.dup();
      await second.send("received", { dest: next });
      assert.equal(await second.recv(), "received");
    },
  },
  {
    name: "several communicators work at the same time",
    async program(world) {
      const comms: Communicator[] = [];
      for (let i = 0; i < 4; i++) comms.push(await world.split(world.rank % (i + 1)));
      const sums = await Promise.all(comms.map((comm) => comm.allreduce(1, sum)));
      assert.deepEqual(
        sums,
        comms.map((comm) => comm.size),
      );
    },
  },
  {
    name: "a colour that is none is refused on every rank",
    async program(world) {
      await assert.rejects(world.split(Number.NaN), mpiError("invalid-argument", /color is NaN/));
    },
  },
  {
    name: "communicators made at the same time, also of overlapping ranks, are different ones",
    async program(world) {
      const [a, b, c] = await Promise.all([world.dup(), world.split(world.rank % 2), world.dup()]);
      const next = (world.rank + 1) % world.size;
      void c.send("c", { dest: next });
      void a.send("a", { dest: next });
      void b.send("b", { dest: b.rank });
      assert.deepEqual([await a.recv(), await b.recv(), await c.recv()], ["a", "b", "c"]);
      const [d, e] = await Promise.all([b.dup(), c.dup()]); // two parents at once
      void d.send("d", { dest: d.rank });
      void e.send("e", { dest: e.rank });
      assert.deepEqual([await e.recv(), await d.recv()], ["e", "d"]);
    },
  },
  {
    name: "communicators of communicators of communicators keep apart",
    async program(world) {
      let comm: Communicator = world;
      const all: Communicator[] = [];
      for (let depth = 0; depth < 6; depth++) {
        comm = await comm.split(0, { key: -comm.rank });
        all.push(comm);
      }
      const sums = all.map((each, depth) => each.allreduce(depth, sum));
      assert.deepEqual(
        await Promise.all(sums.toReversed()),
        [5, 4, 3, 2, 1, 0].map((depth) => depth * world.size),
      );
      assert.equal(comm.rank, world.rank);
    },
  },
  {
    name: "many communicators made and closed leave the world as it was",
    heavy: true,
    async program(world) {
      for (let i = 0; i < 50; i++) {
        await using comm = await world.dup();
        assert.equal(await comm.allreduce(i, sum), i * world.size);
      }
      assert.equal(await world.allreduce(1, sum), world.size);
    },
  },
  {
    name: "a name is quoted by errors",
    async program(world) {
      const row = await world.dup();
      assert.equal(row.name, "");
      row.name = "row";
      await assert.rejects(row.recv({ source: 99 }), mpiError("invalid-argument", /\] row\.recv\(\{ source: 99 \}\)/));
      await assert.rejects(row.bcast(1, { root: 99 }), mpiError("invalid-argument", /row\.bcast/));
    },
  },
  {
    name: "a receive that still waits when its communicator is closed rejects",
    async program(world) {
      const comm = await world.dup();
      const waiting = comm.recv({ tag: 3 });
      const probing = comm.probe();
      await comm.close();
      await assert.rejects(waiting, mpiError("closed", /recv\(\{ tag: 3 \}\)/));
      await assert.rejects(probing, mpiError("closed", /probe/));
      await assert.rejects(comm.split(0), mpiError("closed", /split/));
    },
  },
  {
    name: "what nobody received of a closed communicator does not use up the credit of others",
    heavy: true,
    from: 2,
    async program(world) {
      const next = (world.rank + 1) % world.size;
      const previous = (world.rank + world.size - 1) % world.size;
      for (let i = 0; i < 4; i++) {
        const comm = await world.dup();
        for (let k = 0; k < 40; k++) void comm.send(new Uint8Array(60_000), { dest: next });
        await world.sendrecv("that was all", { dest: next, source: previous }); // so all of it is here
        await comm.close();
        await world.sendrecv("closed", { dest: previous, source: next });
      }
      // Eager, as ever: resolves without its receiver.
      await world.send(new Uint8Array(60_000), { dest: next });
      await world.recv();
    },
  },
  {
    name: "sends that nobody received of a closed communicator complete, large and synchronous ones too",
    async program(world) {
      const next = (world.rank + 1) % world.size;
      const previous = (world.rank + world.size - 1) % world.size;
      const comm = await world.dup();
      const early = [
        comm.send(new Float64Array(100_000), { dest: next }),
        comm.send("small", { dest: next, sync: true }),
        comm.send("small", { dest: next }),
      ];
      await world.sendrecv("on their way", { dest: next, source: previous });
      const other = await world.dup();
      const late = other.send(new Float64Array(100_000), { dest: next });
      await comm.close();
      await other.close();
      await Promise.all([...early, late]);
      await world.barrier(); // who has ended receives nothing, which is another matter
    },
  },
  {
    name: "collectives that are under way when their communicator is closed complete",
    async program(world) {
      const comm = await world.dup();
      const pending = [comm.allreduce(1, sum), comm.allgather(world.rank)] as const;
      await comm.close();
      assert.equal(await pending[0], world.size);
      assert.equal((await pending[1]).length, world.size);
    },
  },
];
