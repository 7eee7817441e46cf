import { strict as assert } from "node:assert";
import { type Communicator, sum } from "tsmpi";
import type { Case } from "../case.ts";
import { mpiError } from "./point-to-point.ts";

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
      assert.deepEqual(sums, comms.map((comm) => comm.size));
    },
  },
  {
    name: "a colour that is none is refused on every rank",
    async program(world) {
      await assert.rejects(world.split(Number.NaN), mpiError("invalid-argument", /color is NaN/));
    },
  },
];
