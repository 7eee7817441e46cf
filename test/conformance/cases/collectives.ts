import { strict as assert } from "node:assert";
import { setTimeout as sleep } from "node:timers/promises";
import {
  band,
  bor,
  bxor,
  type Communicator,
  chunks,
  land,
  lor,
  lxor,
  max,
  maxloc,
  min,
  type Op,
  prod,
  sum,
} from "tsmpi";
import type { Case } from "../case.ts";
import { mpiError } from "./point-to-point.ts";

const ranks = ({ size }: Communicator): number[] => Array.from({ length: size }, (_, rank) => rank);

/** A value of another length for each rank. */
const word = (rank: number): string => String.fromCharCode(97 + rank).repeat(rank + 1);

export const cases: Case[] = [
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
    name: "a rank that has no array where the others' go into one is told so, and so are they",
    async program(world) {
      const into = new Float64Array(30_000 * world.size);
      for (const usual of [new Float64Array(3), new Float64Array(30_000)]) {
        await using apart = await world.dup();
        const mine = world.rank === world.size - 1 ? (undefined as unknown as Float64Array) : usual.fill(1);
        await assert.rejects(apart.allgather(mine, { into }), mpiError("mismatch", /not a typed array/));
      }
    },
  },
  {
    name: "lists of equal length combine, however many bytes their numbers take",
    async program(world) {
      const mine = Array.from({ length: 500 }, (_, i) => (world.rank % 2 === 0 ? 1 : i + 0.125));
      const total = await world.allreduce(mine, sum);
      const odd = Math.floor(world.size / 2);
      assert.deepEqual(
        total,
        mine.map((_, i) => world.size - odd + odd * (i + 0.125)),
      );
    },
  },
  {
    name: "large arrays combine in place, into a part of their own memory, and at every root",
    async program(world) {
      const { rank, size } = world;
      const length = 10_001;
      const values = (r: number): Int32Array => Int32Array.from({ length }, (_, i) => i * (r + 1));
      const total = Int32Array.from({ length }, (_, i) => (i * (size * (size + 1))) / 2);
      for (let round = 0; round < 3; round++) {
        const inPlace = values(rank);
        assert.equal(await world.allreduce(inPlace, sum, { into: inPlace }), inPlace);
        assert.deepEqual(inPlace, total);
        const memory = new Int32Array(length + 7);
        memory.set(values(rank), 7);
        await world.allreduce(memory.subarray(7), sum, { into: memory });
        assert.deepEqual(memory.subarray(0, length), total);
        for (const root of ranks(world)) {
          const into = new Int32Array(length);
          const mine = values(rank);
          const result = await world.reduce(mine, sum, { root, into });
          assert.deepEqual(result, rank === root ? total : undefined);
          assert.deepEqual(into, rank === root ? total : new Int32Array(length));
          assert.deepEqual(mine, values(rank));
        }
      }
    },
  },
  {
    name: "what large arrays were combined to stays as it is, whatever is combined later",
    async program(world) {
      const { rank, size } = world;
      const kinds = [Float64Array, Int32Array, Float64Array, Uint16Array];
      const kept: { result: ArrayLike<number> | undefined; each: number; length: number }[] = [];
      for (let round = 0; round < 12; round++) {
        const Kind = kinds[round % kinds.length] as typeof Float64Array;
        const length = round < 6 ? 5000 : 5000 + round * size;
        const mine = new Kind(length).fill(rank + round);
        const each = (size * (size - 1)) / 2 + size * round;
        const root = round % size;
        kept.push({ result: await world.allreduce(mine, sum), each, length });
        const reduced = await world.reduce(mine, sum, { root });
        if (rank === root) kept.push({ result: reduced, each, length });
      }
      for (const { result, each, length } of kept) {
        assert.equal(result?.length, length);
        for (let i = 0; i < length; i++) assert.equal(result?.[i], each);
      }
    },
  },
  {
    name: "a rank may change what it gave to a collective once that has resolved",
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
    name: "a number and a large array, or arrays of which one is in pieces, cannot be combined",
    from: 2,
    async program(world) {
      const odd = world.rank === world.size - 1;
      for (const [usual, other] of [
        [1, new Float64Array(5000)],
        [new Float64Array(128), new Float64Array(128 * world.size)],
        [new Float64Array(128 * world.size), new Float64Array(128)],
        [new Float64Array(5000), new Float64Array(5001)],
        [new Float64Array(5000), new Float32Array(5000)],
      ] as const) {
        await using apart = await world.dup();
        const mine: Float64Array = (odd ? other : usual) as Float64Array;
        await assert.rejects(apart.allreduce(mine, sum), mpiError("mismatch"));
      }
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
    name: "scatter with the wrong number of parts is an error on every rank, naming both numbers",
    async program(world) {
      const parts = Array.from({ length: world.size + 1 }, (_, i) => i);
      const why = new RegExp(`${world.size + 1}.*${world.size}|${world.size}.*${world.size + 1}`);
      await assert.rejects(
        world.scatter(() => parts),
        mpiError("invalid-argument", why),
      );
      await assert.rejects(
        world.scatter(() => 5 as unknown as number[]),
        mpiError("invalid-argument"),
      );
      assert.equal(await world.scatter(() => ranks(world)), world.rank, "the communicator is still good");
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
    name: "reduce and allreduce combine numbers",
    async program(world) {
      const { rank, size } = world;
      const total = (size * (size - 1)) / 2;
      assert.equal(await world.allreduce(rank, sum), total);
      assert.equal(await world.allreduce(rank, max), size - 1);
      assert.equal(await world.allreduce(rank, min), 0);
      assert.equal(await world.allreduce(2, prod), 2 ** size);
      assert.equal(await world.allreduce(1 << rank, bor), 2 ** size - 1);
      assert.equal(await world.allreduce(rank < size - 1, land), false);
      assert.equal(await world.allreduce(BigInt(rank), sum), BigInt(total));
      for (const root of ranks(world))
        assert.equal(await world.reduce(rank, sum, { root }), rank === root ? total : undefined);
      assert.deepEqual(await world.allreduce([rank % 3, rank], maxloc), [Math.min(2, size - 1), Math.min(2, size - 1)]);
    },
  },
  {
    name: "typed arrays reduce element by element, also in place, short and long",
    async program(world) {
      const total = (world.size * (world.size - 1)) / 2;
      for (const length of [0, 1, 7, 1000, 100_000]) {
        const mine = new Float64Array(length).fill(world.rank);
        const result = await world.allreduce(mine, sum);
        assert.ok(result instanceof Float64Array && result.length === length);
        assert.ok(result.every((x) => x === total));
        assert.ok(
          mine.every((x) => x === world.rank),
          "the input stays as it was",
        );
        assert.equal(await world.allreduce(mine, sum, { into: mine }), mine);
        assert.ok(mine.every((x) => x === total));
      }
    },
  },
  {
    name: "a function combines in the order of ranks",
    async program(world) {
      const expected = ranks(world).map(word).join("");
      const join = (a: string, b: string): string => a + b;
      assert.equal(await world.allreduce(word(world.rank), join), expected);
      for (const root of ranks(world)) {
        assert.equal(await world.reduce(word(world.rank), join, { root }), world.rank === root ? expected : undefined);
      }
    },
  },
  {
    name: "scan and exscan combine what is below",
    async program(world) {
      const { rank } = world;
      assert.equal(await world.scan(rank + 1, sum), ((rank + 1) * (rank + 2)) / 2);
      assert.equal(await world.exscan(rank + 1, sum), rank === 0 ? undefined : (rank * (rank + 1)) / 2);
      assert.equal(
        await world.scan(word(rank), (a, b) => a + b),
        ranks(world)
          .slice(0, rank + 1)
          .map(word)
          .join(""),
      );
    },
  },
  {
    name: "with deterministic, scan and exscan add as a loop does, whatever the size of the values",
    async program(world) {
      const { rank } = world;
      const value = (r: number): number => 1 / (r + 3) + 1e10 / (r + 1); // rounds: the order of additions shows
      const below = (last: number): number =>
        ranks(world)
          .slice(1, last + 1)
          .reduce((a, r) => a + value(r), value(0));
      for (const length of [0, 1, 3000]) {
        const own = length === 0 ? value(rank) : new Float64Array(length).fill(value(rank));
        const expected = (x: number): number | Float64Array => (length === 0 ? x : new Float64Array(length).fill(x));
        const options = { deterministic: true };
        assert.deepEqual(await world.scan<number | Float64Array>(own, sum, options), expected(below(rank)));
        const under = await world.exscan<number | Float64Array>(own, sum, options);
        assert.deepEqual(under, rank === 0 ? undefined : expected(below(rank - 1)));
      }
    },
  },
  {
    name: "reduceScatter gives rank r everybody's part r combined",
    async program(world) {
      const parts = ranks(world).map((to) => to * 100 + world.rank);
      const expected = world.rank * 100 * world.size + (world.size * (world.size - 1)) / 2;
      assert.equal(await world.reduceScatter(parts, sum), expected);
    },
  },
  {
    name: "reduceScatter combines parts of different lengths",
    async program(world) {
      const parts = ranks(world).map((to) => new Int32Array(to * 3).fill(world.rank + to));
      const total = world.size * world.rank + (world.size * (world.size - 1)) / 2;
      assert.deepEqual(await world.reduceScatter(parts, sum), new Int32Array(world.rank * 3).fill(total));
      const words = ranks(world).map((to) => `${world.rank}>${to} `);
      const joined = await world.reduceScatter(words, (a, b) => a + b);
      assert.equal(
        joined,
        ranks(world)
          .map((from) => `${from}>${world.rank} `)
          .join(""),
      );
    },
  },
  {
    name: "every operation gives in every reduction, at every root, what one rank would compute",
    async program(world) {
      const { rank, size } = world;
      const value = (r: number): number => (r * 5 + 3) % 7;
      const table: [Op<number>, (a: number, b: number) => number][] = [
        [sum, (a, b) => a + b],
        [prod, (a, b) => a * b],
        [min, Math.min],
        [max, Math.max],
        [land, (a, b) => (a && b ? 1 : 0)],
        [lor, (a, b) => (a || b ? 1 : 0)],
        [lxor, (a, b) => (!a !== !b ? 1 : 0)],
        [band, (a, b) => a & b],
        [bor, (a, b) => a | b],
        [bxor, (a, b) => a ^ b],
      ];
      for (const [op, combine] of table) {
        // Of one value alone, too, logical operations make 1 or 0.
        const isLogical = ([land, lor, lxor] as readonly unknown[]).includes(op);
        const alone = (x: number): number => (isLogical ? Number(x !== 0) : x);
        const upTo = (count: number): number =>
          ranks(world)
            .slice(0, count)
            .map(value)
            .map(alone)
            .reduce((a, b) => combine(a, b));
        const outcomes = await Promise.all([
          world.allreduce(value(rank), op),
          world.scan(value(rank), op),
          world.exscan(value(rank), op),
          world.reduceScatter(
            ranks(world).map(() => value(rank)),
            op,
          ),
          ...ranks(world).map((root) => world.reduce(value(rank), op, { root })),
        ]);
        const all = upTo(size);
        const atRoots = ranks(world).map((root) => (root === rank ? all : undefined));
        assert.deepEqual(outcomes, [all, upTo(rank + 1), rank > 0 ? upTo(rank) : undefined, all, ...atRoots], op.name);
      }
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
  {
    name: "a function that throws in a reduction makes it fail on all ranks, with the cause",
    from: 2,
    async program(world) {
      const broken = (): number => {
        throw new RangeError("cannot add these");
      };
      await assert.rejects(world.allreduce(1, broken), mpiError("aborted", /cannot add these/));
      await assert.rejects(world.reduce(1, broken), mpiError("aborted", /cannot add these/));
      assert.equal(await world.allreduce(1, sum), world.size);
    },
  },
  {
    name: "a root out of range is refused on every rank",
    async program(world) {
      await assert.rejects(world.bcast(1, { root: world.size }), mpiError("invalid-argument", /root is/));
      await assert.rejects(world.gather(1, { root: -1 }), mpiError("invalid-argument", /root is -1/));
    },
  },
  {
    name: "ranks that call different collectives are told so, all of them, then and from then on",
    from: 2,
    async program(world) {
      const mistaken = world.rank === 0 ? world.barrier() : world.allreduce(1, sum);
      await assert.rejects(mistaken, mpiError("mismatch", /(barrier|allreduce)\(\)/));
      await assert.rejects(world.allreduce(1, sum), mpiError("mismatch", /have been in different collectives/));
    },
  },
  {
    name: "arrays of different lengths cannot be reduced, which all ranks are told",
    from: 2,
    async program(world) {
      const mine = new Float64Array(world.rank === 1 ? 3 : 2);
      await assert.rejects(world.allreduce(mine, sum), mpiError("mismatch", /2.*3|3.*2/));
      assert.equal(await world.allreduce(1, sum), world.size, "the communicator is still good");
    },
  },
  {
    name: "a value that cannot travel fails the collective on every rank, with its path",
    from: 2,
    async program(world) {
      const mine = world.rank === world.size - 1 ? { f: () => 1 } : {};
      await assert.rejects(world.allgather(mine), mpiError("unserializable", /\.f is a function/));
    },
  },
  {
    name: "a collective that one rank cancels is cancelled for all who wait in it",
    from: 2,
    async program(world) {
      const cancel = new AbortController();
      if (world.rank === 1) {
        // It comes when all is over.
        for (let rank = 0; rank < world.size; rank++) if (rank !== 1) await world.recv({ source: rank });
        await assert.rejects(world.barrier(), mpiError("aborted", /changed my mind/));
        assert.equal(await world.allreduce(1, sum), world.size, "the communicator is still good");
        return;
      }
      const pending = world.barrier(world.rank === 0 ? { signal: cancel.signal } : {});
      if (world.rank === 0) setTimeout(() => cancel.abort(new Error("changed my mind")), 5);
      await assert.rejects(pending, mpiError("aborted", /changed my mind/));
      await world.send("rejected", { dest: 1 });
      assert.equal(await world.allreduce(1, sum), world.size, "the communicator is still good");
    },
  },
];
