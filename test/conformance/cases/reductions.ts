import { strict as assert } from "node:assert";
import {
  band,
  bor,
  bxor,
  createOp,
  land,
  lor,
  lxor,
  max,
  maxloc,
  min,
  minloc,
  type Op,
  prod,
  type Reducer,
  sum,
} from "tsmpi";
import type { Case } from "../case.ts";
import { mpiError } from "./expected-error.ts";
import { ranks, word } from "./ring.ts";

export const cases: Case[] = [
  {
    name: "a reduction gives the same kind of result on one rank, and on the first one, as on many",
    heavy: true,
    async program(world) {
      const { rank } = world;
      const same = <T>(value: T): T[] => ranks(world).map(() => value);
      const check = async <T>(value: T, op: Reducer<T>, expected: T): Promise<void> => {
        assert.deepStrictEqual(await world.allreduce(value, op), expected);
        assert.deepStrictEqual(await world.reduce(value, op), rank === 0 ? expected : undefined);
        assert.deepStrictEqual(await world.reduceScatter(same(value), op), expected);
        assert.deepStrictEqual(await world.scan(value, op), expected);
        assert.deepStrictEqual(await world.exscan(value, op), rank === 0 ? undefined : expected);
      };
      for (const op of [land, lor]) {
        await check<unknown>(5, op as Reducer<unknown>, 1);
        await check<unknown>(Number.NaN, op as Reducer<unknown>, 0);
        await check<unknown>(-0, op as Reducer<unknown>, 0);
        await check<unknown>(7n, op as Reducer<unknown>, 1n);
        await check<unknown>(true, op as Reducer<unknown>, true);
        await check<unknown>([5, [true, 0n]], op as Reducer<unknown>, [1, [true, 0n]]);
        await check<unknown>(new Float64Array([2.5, 0]), op as Reducer<unknown>, new Float64Array([1, 0]));
        await check<unknown>(new BigInt64Array([-3n, 0n]), op as Reducer<unknown>, new BigInt64Array([1n, 0n]));
        const large = new Int16Array(40_000).fill(9);
        await check<unknown>(
          large,
          op as Reducer<unknown>,
          large.map(() => 1),
        );
      }
      for (const op of [band, bor]) {
        await check<unknown>(2 ** 31, op as Reducer<unknown>, -(2 ** 31));
        await check<unknown>([4_294_967_295], op as Reducer<unknown>, [-1]);
        await check<unknown>(
          new Uint32Array([4_294_967_295]),
          op as Reducer<unknown>,
          new Uint32Array([4_294_967_295]),
        );
        await check<unknown>(2n ** 70n, op as Reducer<unknown>, 2n ** 70n);
      }
      for (const op of [min, max]) {
        await check<unknown>(Number.NaN, op as Reducer<unknown>, Number.NaN);
        await check<unknown>(-0, op as Reducer<unknown>, -0);
      }
      await check<unknown>([3, 7], minloc as Reducer<unknown>, [3, 7]);
      await check<unknown>({ value: 3, index: 7 }, maxloc as Reducer<unknown>, { value: 3, index: 7 });
      // These add up: the first rank's own value is where the kind shows.
      const odd = world.size % 2;
      assert.equal(await world.allreduce(5, lxor), odd);
      assert.equal(await world.scan(5, lxor), (rank + 1) % 2);
      assert.equal(await world.exscan(5, lxor), rank === 0 ? undefined : rank % 2);
      assert.equal(await world.allreduce(2 ** 31, bxor), odd ? -(2 ** 31) : 0);
      class Field extends Float64Array {}
      const field: Float64Array = await world.allreduce(new Field(3), sum);
      assert.equal(Object.getPrototypeOf(field), Float64Array.prototype);
    },
  },
  {
    name: "arrays nested too deep for an operation are refused by name; a hole among parts is undefined",
    async program(world) {
      let deep: unknown = 1;
      for (let i = 0; i < 20_000; i++) deep = [deep];
      const told = mpiError("invalid-argument", /sum takes arrays nested up to 500 levels deep/);
      await assert.rejects(world.allreduce(deep as number, sum), told);
      await assert.rejects(world.scan(deep as number, sum), told);
      const parts = ranks(world).map(() => 1);
      delete parts[world.size - 1];
      const isLast = world.rank === world.size - 1;
      assert.equal(await world.scatter(parts), isLast ? undefined : 1);
      assert.deepEqual(await world.alltoall(parts), Array(world.size).fill(isLast ? undefined : 1));
      await assert.rejects(world.reduceScatter(parts, sum), mpiError("invalid-argument", /the value is undefined/));
      assert.equal(await world.allreduce(1, sum), world.size);
    },
  },
  {
    name: "objects with arrays inside reduce by a function, in the order of ranks",
    async program(world) {
      const { rank, size } = world;
      const mine = { ranks: [rank], total: new Float64Array(5000).fill(1) };
      const add = (a: typeof mine, b: typeof mine): typeof mine => ({
        ranks: [...a.ranks, ...b.ranks],
        total: a.total.map((x, i) => x + (b.total[i] as number)),
      });
      const upTo = (count: number): typeof mine => ({
        ranks: ranks(world).slice(0, count),
        total: new Float64Array(5000).fill(count),
      });
      assert.deepEqual(await world.allreduce(mine, add), upTo(size));
      assert.deepEqual(await world.reduce(mine, add, { root: size - 1 }), rank === size - 1 ? upTo(size) : undefined);
      assert.deepEqual(await world.scan(mine, add), upTo(rank + 1));
      assert.deepEqual(await world.exscan(mine, add), rank === 0 ? undefined : upTo(rank));
      assert.deepEqual(mine, { ranks: [rank], total: new Float64Array(5000).fill(1) });
    },
  },
  {
    name: "operations know where a value was, and keep the order of ranks",
    async program(world) {
      const { rank, size } = world;
      assert.deepEqual(await world.allreduce([5, rank], minloc), [5, 0]);
      assert.deepEqual(await world.allreduce([5, rank], maxloc), [5, 0]);
      assert.deepEqual(await world.allreduce({ value: 9 - rank, index: rank }, minloc), {
        value: 10 - size,
        index: size - 1,
      });
      const first = createOp<string>((a, _b) => a, { name: "first" });
      const last = createOp<string>((_a, b) => b, { name: "last" });
      assert.equal(await world.allreduce(`r${rank}`, first), "r0");
      assert.equal(await world.allreduce(`r${rank}`, last), `r${size - 1}`);
      assert.equal(await world.scan(`r${rank}`, last), `r${rank}`);
      assert.equal(await world.exscan(`r${rank}`, last), rank === 0 ? undefined : `r${rank - 1}`);
      const merge = (a: Record<string, number>, b: Record<string, number>): Record<string, number> => ({ ...a, ...b });
      assert.deepEqual(
        await world.allreduce({ [`k${rank}`]: rank }, merge),
        Object.fromEntries(ranks(world).map((r) => [`k${r}`, r])),
      );
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
];
