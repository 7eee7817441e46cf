import { strict as assert } from "node:assert";
import { max, sum } from "tsmpi";
import type { Case } from "../case.ts";
import { mpiError } from "./expected-error.ts";
import { left, ranks, right } from "./ring.ts";
import { constructors } from "./typed-arrays.ts";

export const cases: Case[] = [
  {
    name: "a Buffer fills a Uint8Array and the other way round, wherever an array is filled",
    heavy: true,
    async program(world) {
      const { rank, size } = world;
      const around = { dest: right(world), source: left(world) };
      for (const length of [0, 3, 700, 1500, 70_000]) {
        for (const [from, to] of [[Buffer, Uint8Array] as const, [Uint8Array, Buffer] as const]) {
          const make = (Kind: typeof Buffer | typeof Uint8Array, n: number, fill = 0): Uint8Array =>
            Kind === Buffer ? Buffer.alloc(n, fill) : new Uint8Array(n).fill(fill);
          const mine = make(from, length, rank + 1);
          const filled = async (n: number, call: (into: Uint8Array) => Promise<unknown>, by: readonly number[]) => {
            const into = make(to, n);
            assert.equal(await call(into), into);
            assert.ok(Buffer.concat(by.map((each) => Buffer.alloc(length, each))).equals(into));
          };
          const everybody = ranks(world).map((r) => r + 1);
          await filled(length, (into) => world.sendrecv(mine, { ...around, into }), [left(world) + 1]);
          await filled(length, (into) => world.bcast(rank === 0 ? mine : into, { into }), [1]);
          await filled(length * size, (into) => world.allgather(mine, { into }), everybody);
          await filled(
            length,
            (into) =>
              world.scatter(
                everybody.map(() => mine),
                { into },
              ),
            [1],
          );
          const total = everybody.reduce((a, b) => a + b);
          await filled(length, (into) => world.allreduce(mine, sum, { into }), [total]);
          await filled(length, (into) => world.scan(mine, max, { into }), [rank + 1]);
          await filled(
            length,
            (into) =>
              world.reduceScatter(
                everybody.map(() => mine),
                sum,
                { into },
              ),
            [total],
          );
        }
      }
    },
  },
  {
    name: "arrays of no elements move and reduce",
    async program(world) {
      const none = new Float64Array(0);
      assert.deepEqual(await world.allreduce(none, sum), none);
      assert.deepEqual(await world.allgather(none, { into: new Float64Array(0) }), none);
      assert.deepEqual(
        await world.alltoall(ranks(world).map(() => none)),
        ranks(world).map(() => none),
      );
      assert.deepEqual(
        await world.reduceScatter(
          ranks(world).map(() => none),
          sum,
        ),
        none,
      );
      assert.deepEqual(await world.scan(none, max), none);
      assert.deepEqual(await world.sendrecv(none, { dest: right(world), source: left(world) }), none);
      assert.deepEqual(await world.allreduce([], sum), []);
    },
  },
  {
    name: "parts of many lengths come together in one array, behind each other in the order of ranks",
    async program(world) {
      for (const Kind of constructors) {
        const mine = new Kind(world.rank + 1).fill(world.rank);
        const whole = new Kind(ranks(world).flatMap((rank) => Array<number>(rank + 1).fill(rank)));
        const into = new Kind(whole.length + 2).fill(77);
        const all = await world.allgather(mine, { into });
        assert.equal(all, into);
        assert.deepEqual(into, new Kind([...whole, 77, 77]));
        for (const root of [0, world.size - 1]) {
          const gathered = await world.gather(mine, { root, into: new Kind(whole.length) });
          assert.deepEqual(gathered, world.rank === root ? whole : undefined);
        }
        const exchanged = await world.alltoall(
          ranks(world).map((to) => new Kind(to + 1).fill(world.rank)),
          { into: new Kind(world.size * (world.rank + 1)) },
        );
        assert.deepEqual(exchanged, new Kind(ranks(world).flatMap((from) => Array<number>(world.rank + 1).fill(from))));
      }
    },
  },
  {
    name: "a part may be a view of a larger array, given and taken",
    async program(world) {
      const board = new Float64Array(world.size * 4).fill(-1);
      const row = board.subarray(world.rank * 4, world.rank * 4 + 4).fill(world.rank);
      await world.allgather(row, { into: board });
      assert.deepEqual(board, Float64Array.from(ranks(world).flatMap((rank) => [rank, rank, rank, rank])));
      const parts = ranks(world).map((to) => board.subarray(to * 4, to * 4 + 2));
      assert.deepEqual(await world.scatter(parts), new Float64Array([world.rank, world.rank]));
      const middle = board.subarray(1, 3);
      await world.sendrecv(new Float64Array([8, 9]), { dest: right(world), source: left(world), into: middle });
      assert.deepEqual([...board.subarray(0, 4)], [0, 8, 9, 0]);
    },
  },
  {
    name: "prefixes and combined parts go into the caller's array, also in place",
    async program(world) {
      const { rank, size } = world;
      const mine = new Float64Array([rank, 1]);
      const into = new Float64Array(3);
      assert.equal(await world.scan(mine, sum, { into }), into);
      assert.deepEqual(into, new Float64Array([(rank * (rank + 1)) / 2, rank + 1, 0]));
      const below = await world.exscan(mine, sum, { into: mine });
      assert.equal(below, rank === 0 ? undefined : mine);
      assert.deepEqual(mine, new Float64Array(rank === 0 ? [0, 1] : [(rank * (rank - 1)) / 2, rank]));
      const parts = ranks(world).map((to) => new Int32Array([to, rank]));
      const part = parts[rank] as Int32Array;
      assert.equal(await world.reduceScatter(parts, max, { into: part }), part);
      assert.deepEqual(part, new Int32Array([rank, size - 1]));
    },
  },
  {
    name: "an array to gather or reduce into is needed at the root alone",
    async program(world) {
      const root = world.size - 1;
      const all = world.rank === root ? new Float64Array(world.size) : undefined;
      const mine = new Float64Array([world.rank]);
      assert.equal(await world.gather(mine, { root, into: all }), all);
      assert.deepEqual(all, all && Float64Array.from(ranks(world)));
      const total = world.rank === root ? new Float64Array(1) : undefined;
      assert.equal(await world.reduce(mine, max, { root, into: total }), total);
      assert.deepEqual(total, total && new Float64Array([world.size - 1]));
    },
  },
  {
    name: "into an array of the wrong type, or too short, is refused on every rank, and nothing is written",
    async program(world) {
      const mine = new Float64Array([world.rank, 1]);
      const short = new Float64Array(2 * world.size - 1);
      await assert.rejects(world.allgather(mine, { into: short }), mpiError("mismatch", /elements.*room for/));
      assert.ok(short.every((x) => x === 0));
      const wrong = new Int32Array(100) as unknown as Float64Array;
      await assert.rejects(
        world.allreduce(mine, sum, { into: wrong }),
        mpiError("mismatch", /Float64Array.*Int32Array/),
      );
      await assert.rejects(world.bcast(mine, { into: wrong }), mpiError("mismatch", /Float64Array.*Int32Array/));
      await assert.rejects(
        world.scatter(
          ranks(world).map(() => mine),
          { into: wrong },
        ),
        mpiError("mismatch"),
      );
      assert.equal(await world.allreduce(1, sum), world.size);
    },
  },
  {
    name: "recv into fills the caller's array and resolves to it",
    async program(world) {
      const sent = world.send(new Float64Array([1, 2, 3]), { dest: right(world) });
      const into = new Float64Array(5);
      assert.equal(await world.recv({ source: left(world), into }), into);
      await sent;
      assert.deepEqual(into, new Float64Array([1, 2, 3, 0, 0]));
    },
  },
  {
    name: "arrays of any size arrive in the part of memory where they are wanted, and nothing beside it changes",
    heavy: true,
    async program(world) {
      // Around the limits: copied into the head, sent at once, sent at once but lent, sent when matched, left to be fetched.
      const small = [0, 8, 1016, 1024, 1032, 4096, 32_768, 65_528, 65_536, 65_544, 131_064, 131_072];
      for (const bytes of [...small, 262_144, 1_000_000, 1_048_576, 1_048_704]) {
        const length = bytes / 8;
        for (const late of [true, false]) {
          const memory = new Float64Array(length + 3).fill(-1);
          const into = memory.subarray(1, 2 + length);
          const value = new Float64Array(length).map((_, i) => world.rank * 1e6 + i);
          const sent = late ? world.send(value, { dest: right(world), tag: 1 }) : undefined;
          if (late) await world.barrier();
          const received = world.recv({ source: left(world), tag: 1, into });
          await (sent ?? world.send(value, { dest: right(world), tag: 1 }));
          assert.equal(await received, into);
          assert.ok(into.subarray(0, length).every((x, i) => x === left(world) * 1e6 + i));
          assert.deepEqual([memory[0], memory[length + 1], memory[length + 2]], [-1, -1, -1]);
        }
      }
    },
  },
  {
    name: "a large array that does not fit where it is wanted can be received again, elsewhere",
    heavy: true,
    async program(world) {
      for (const length of [200, 20_000, 200_000]) {
        const value = new Float64Array(length).fill(world.rank);
        const sent = world.send(value, { dest: right(world) });
        const source = left(world);
        for (const into of [new Float32Array(length), new Float64Array(length - 1)]) {
          await assert.rejects(world.recv({ source, into: into as Float64Array }), mpiError("mismatch"));
          assert.ok(into.every((x) => x === 0));
        }
        assert.deepEqual(await world.recv({ source }), new Float64Array(length).fill(source));
        await sent;
      }
    },
  },
  {
    name: "recv into an array of the wrong type or length is refused, and the message can be received again",
    async program(world) {
      void world.send(new Float64Array([1, 2, 3]), { dest: right(world) });
      void world.send("next", { dest: right(world) });
      const source = left(world);
      await assert.rejects(
        world.recv({ source, into: new Int32Array(3) }),
        mpiError("mismatch", /Float64Array.*Int32Array/),
      );
      await assert.rejects(world.recv({ source, into: new Float64Array(2) }), mpiError("mismatch", /3 elements.*2/));
      assert.deepEqual(await world.recv({ source }), new Float64Array([1, 2, 3]));
      assert.equal(await world.recv({ source }), "next");
    },
  },
];
