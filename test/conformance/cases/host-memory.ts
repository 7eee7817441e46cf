import { strict as assert } from "node:assert";
import { sum } from "tsmpi";
import type { Case } from "../case.ts";
import { mpiError } from "./expected-error.ts";

export const cases: Case[] = [
  {
    name: "splitShared gives the ranks that share memory, which are on one host",
    async program(world) {
      const host = await world.splitShared();
      assert.ok(host.hosts.every((each) => each === world.host || each === world.hosts[world.rank]));
      const groups = await world.allgather(host.group.members);
      for (const members of groups) assert.ok(members.includes(groups.indexOf(members)) || members.length > 0);
      assert.deepEqual(groups[world.rank], host.group.members);
      for (const member of host.group.members) assert.deepEqual(groups[member], host.group.members);
      const reversed = await world.splitShared({ key: -world.rank });
      assert.deepEqual([...reversed.group.members], [...host.group.members].reverse());
    },
  },
  {
    name: "a shared array is one memory for all ranks of a host, and Atomics work on it",
    async program(world) {
      const host = await world.splitShared();
      const shared = await host.sharedArray(Int32Array, host.size + 1);
      const { array } = shared;
      assert.deepEqual(array, new Int32Array(host.size + 1));
      await host.barrier();
      array[host.rank] = host.rank + 1;
      for (let i = 0; i < 1000; i++) Atomics.add(array, host.size, 1);
      await host.barrier();
      assert.deepEqual([...array], [...Array.from({ length: host.size }, (_, rank) => rank + 1), 1000 * host.size]);
      await shared.close();
      await shared.close();
    },
  },
  {
    name: "a shared array of megabytes: each rank fills its share, all see the whole",
    async program(world) {
      const host = await world.splitShared();
      const length = 300_000;
      const shared = await host.sharedArray(Float64Array, length);
      const { array } = shared;
      for (let i = host.rank; i < length; i += host.size) array[i] = i;
      await host.barrier();
      assert.ok(array.every((value, i) => value === i));
      await shared.close();
    },
  },
  {
    name: "lengths and kinds of a shared array that differ are refused on all ranks",
    from: 2,
    async program(world) {
      const host = await world.splitShared();
      if (host.size > 1) {
        await assert.rejects(
          host.sharedArray(Float64Array, 10 + host.rank),
          mpiError("mismatch", /gives the length \d+/),
        );
        const kind = host.rank === 0 ? Float64Array : (Int8Array as never);
        await assert.rejects(host.sharedArray(kind, 10), mpiError("mismatch"));
      }
      const apart = host.size < world.size;
      assert.equal(await world.allreduce(apart ? 1 : 0, sum), apart ? world.size : 0);
      if (apart) {
        await assert.rejects(
          world.sharedArray(Float64Array, 10),
          mpiError("invalid-argument", /does not share memory with rank 0: call sharedArray on .* splitShared/),
        );
      }
    },
  },
];
