import { strict as assert } from "node:assert";
import { setTimeout as sleep } from "node:timers/promises";
import { type Communicator, chunks, sum } from "tsmpi";
import type { Case } from "../case.ts";
import { mpiError } from "./expected-error.ts";
import { ranks, word } from "./ring.ts";

export const cases: Case[] = [
  {
    name: "collectives of all kinds are under way at once, on two communicators, and each gets its own",
    async program(world) {
      const twin = await world.dup();
      const { rank, size } = world;
      const round = (comm: Communicator, i: number): Promise<unknown>[] => [
        comm.allreduce(i, sum),
        comm.bcast(() => `b${i}`, { root: i % size }),
        comm.allgather(rank + i),
        comm.barrier(),
        comm.scatter(() => ranks(world).map((r) => r * i), { root: i % size }),
        comm.alltoall(ranks(world).map((to) => [rank, to, i])),
        comm.scan(i, sum),
        comm.gather(i, { root: i % size }),
      ];
      const expected = (i: number): unknown[] => [
        i * size,
        `b${i}`,
        ranks(world).map((r) => r + i),
        undefined,
        rank * i,
        ranks(world).map((from) => [from, rank, i]),
        i * (rank + 1),
        rank === i % size ? ranks(world).map(() => i) : undefined,
      ];
      const rounds = [0, 1, 2, 3, 4].flatMap((i) => [...round(world, i), ...round(twin, i)]);
      assert.deepEqual(
        await Promise.all(rounds),
        [0, 1, 2, 3, 4].flatMap((i) => [...expected(i), ...expected(i)]),
      );
    },
  },
  {
    name: "nobody leaves a barrier before everybody has come",
    async program(world) {
      for (const late of ranks(world)) {
        if (world.rank === late) {
          await sleep(5);
          for (const dest of ranks(world)) void world.send("on my way", { dest, tag: late });
        }
        await world.barrier();
        // Without a barrier the late rank's message could not be here yet; with it, it was sent before anybody left.
        assert.equal(await world.recv({ source: late, tag: late }), "on my way");
      }
    },
  },
  {
    name: "collectives come to their end on a rank that has slept over a receive, and still waits for it",
    async program(world) {
      const { rank, size } = world;
      const letter = world.recv({ tag: 9 });
      for (let round = 0; round < 3; round++) {
        await sleep(10 + 10 * ((rank + round) % size)); // long enough to fall asleep, each for another time
        await world.barrier();
        assert.equal(await world.bcast(round, { root: round % size }), round);
        assert.equal(await world.allreduce(1, sum), size);
      }
      await world.send("at last", { dest: (rank + 1) % size, tag: 9 });
      assert.equal(await letter, "at last");
    },
  },
  {
    name: "values that are small on some ranks and large on others go through every collective",
    heavy: true,
    async program(world) {
      const { rank, size } = world;
      const of = (r: number, round: number): Float64Array =>
        new Float64Array((r + round) % 2 === 0 ? 3 : 30_000).fill(r);
      for (let round = 0; round < 6; round++) {
        const root = round % size;
        assert.deepEqual(await world.bcast(of(root, round), { root }), of(root, round));
        const all = ranks(world).map((r) => of(r, round));
        assert.deepEqual(await world.gather(of(rank, round), { root }), rank === root ? all : undefined);
        assert.deepEqual(await world.allgather(of(rank, round)), all);
        assert.deepEqual(await world.scatter(all, { root }), of(rank, round));
        assert.deepEqual(await world.alltoall(all), Array(size).fill(of(rank, round)));
        const into = new Float64Array(30_000 * size);
        await world.allgather(of(rank, round), { into });
        let at = 0;
        for (const one of all) {
          assert.deepEqual(into.subarray(at, at + one.length), one);
          at += one.length;
        }
      }
    },
  },
  {
    name: "a rank may change what it gave to a collective once that has resolved",
    heavy: true,
    async program(world) {
      const mine = new Float64Array(50_000);
      for (let round = 0; round < 20; round++) {
        mine.fill(world.rank + round);
        const root = round % world.size;
        const got = await world.bcast(world.rank === root ? mine : undefined, { root });
        if (world.rank !== root) assert.ok(got.every((x) => x === root + round));
        const all = await world.allgather(mine);
        mine.fill(-1);
        all.forEach((one, r) => {
          assert.ok(one.every((x) => x === r + round));
        });
      }
    },
  },
  {
    name: "a rank that is ahead of the others by hundreds of collectives loses nothing",
    heavy: true,
    async program(world) {
      const count = 400;
      if (world.rank > 0) await sleep(10);
      const all = Array.from({ length: count }, (_, i) => world.bcast({ i }, { root: 0 }));
      const sums = Array.from({ length: count }, (_, i) => world.allreduce(i, sum));
      assert.deepEqual(
        await Promise.all(all),
        Array.from({ length: count }, (_, i) => ({ i })),
      );
      assert.deepEqual(
        await Promise.all(sums),
        Array.from({ length: count }, (_, i) => i * world.size),
      );
    },
  },
  {
    name: "bcast gives the root's value to all, whoever is the root",
    async program(world) {
      for (const root of ranks(world)) {
        const value = world.rank === root ? { root, list: [1, 2, 3] } : undefined;
        assert.deepEqual(await world.bcast(value, { root }), { root, list: [1, 2, 3] });
      }
    },
  },
  {
    name: "bcast carries large arrays, empty ones and undefined",
    async program(world) {
      const large = await world.bcast(() => new Float64Array(200_000).fill(3));
      assert.ok(large.length === 200_000 && large.every((x) => x === 3));
      assert.deepEqual(await world.bcast(() => new Int32Array(0)), new Int32Array(0));
      assert.equal(await world.bcast(undefined), undefined);
      const into = new Float64Array(3);
      assert.equal(await world.bcast(() => new Float64Array([1, 2, 3]), { into }), into);
      assert.deepEqual(into, new Float64Array([1, 2, 3]));
    },
  },
  {
    name: "a function given to bcast or scatter is called at the root alone",
    async program(world) {
      let calls = 0;
      const root = world.size - 1;
      await world.bcast(async () => ++calls, { root });
      await world.scatter(
        () => {
          calls++;
          return ranks(world);
        },
        { root },
      );
      assert.equal(calls, world.rank === root ? 2 : 0);
    },
  },
  {
    name: "scatter gives each rank its part, parts of any length, whoever is the root",
    async program(world) {
      for (const root of ranks(world)) {
        const parts = world.rank === root ? ranks(world).map(word) : undefined;
        assert.equal(await world.scatter(parts, { root }), word(world.rank));
      }
    },
  },
  {
    name: "scatter and gather of typed arrays are each other's inverse",
    async program(world) {
      const whole = Float64Array.from({ length: 1001 }, (_, i) => i);
      const mine = await world.scatter(() => chunks(whole, world.size));
      assert.ok(mine instanceof Float64Array);
      const into = new Float64Array(1001);
      const back = await world.gather(mine, { into });
      assert.deepEqual(back, world.rank === 0 ? whole : undefined);
    },
  },
  {
    name: "gather brings everybody's value to the root in the order of ranks",
    async program(world) {
      for (const root of ranks(world)) {
        const all = await world.gather(word(world.rank), { root });
        assert.deepEqual(all, world.rank === root ? ranks(world).map(word) : undefined);
      }
    },
  },
  {
    name: "allgather brings everybody's value to everybody",
    async program(world) {
      assert.deepEqual(await world.allgather(word(world.rank)), ranks(world).map(word));
      const mine = new Int32Array(world.rank).fill(world.rank);
      const expected = Int32Array.from(ranks(world).flatMap((rank) => Array<number>(rank).fill(rank)));
      assert.deepEqual(await world.allgather(mine, { into: new Int32Array(expected.length) }), expected);
    },
  },
  {
    name: "alltoall gives rank r everybody's part r",
    async program(world) {
      const parts = ranks(world).map((to) => `${world.rank} to ${to}`);
      assert.deepEqual(
        await world.alltoall(parts),
        ranks(world).map((from) => `${from} to ${world.rank}`),
      );
      await assert.rejects(world.alltoall([...parts, "one more"]), mpiError("invalid-argument"));
    },
  },
  {
    name: "calls that are under way may be waited for in the reverse of their order, messages among them",
    async program(world) {
      const { rank, size } = world;
      const next = (rank + 1) % size;
      const calls = [
        world.barrier(),
        world.recv({ tag: 1 }),
        world.bcast(rank === 0 ? new Float64Array(50_000).fill(1) : undefined).then((array) => array?.length),
        world.send(rank, { dest: next, tag: 1, sync: true }),
        world.gather(rank, { root: size - 1 }),
        world.sendrecv(rank, { dest: next, tag: 2 }),
        world.scan(1, sum),
        world.split(rank % 2).then((half) => half.allgather(rank)),
        world.allreduce(new Float64Array(20_000).fill(1), sum).then((array) => array[19_999]),
      ];
      const outcomes: unknown[] = [];
      for (const call of calls.toReversed()) outcomes.unshift(await call);
      const before = (rank + size - 1) % size;
      const mine = ranks(world).filter((r) => r % 2 === rank % 2);
      const gathered = rank === size - 1 ? ranks(world) : undefined;
      assert.deepEqual(outcomes, [undefined, before, 50_000, undefined, gathered, before, rank + 1, mine, size]);
    },
  },
  {
    name: "collectives match in the order issued, any number at once",
    async program(world) {
      const many = Array.from({ length: 50 }, (_, i) => world.allreduce(i, sum));
      const root = world.size - 1;
      const [gathered, bcast] = await Promise.all([
        world.gather(world.rank, { root }),
        world.bcast(() => "b", { root }),
      ]);
      assert.deepEqual(
        await Promise.all(many),
        Array.from({ length: 50 }, (_, i) => i * world.size),
      );
      assert.deepEqual(gathered, world.rank === root ? ranks(world) : undefined);
      assert.equal(bcast, "b");
    },
  },
  {
    name: "messages of users and of collectives never meet",
    async program(world) {
      const next = (world.rank + 1) % world.size;
      void world.send("mine", { dest: next, tag: 0 });
      assert.equal(await world.allreduce(1, sum), world.size);
      const status = await world.probe();
      assert.equal(status.tag, 0);
      assert.equal(await world.recv(), "mine");
      assert.equal(await world.iprobe(), undefined);
    },
  },
];
