import { strict as assert } from "node:assert";
import { type ArrayOrBlock, type Block, block, type Region, sum, type TypedArray } from "tsmpi";
import type { Case } from "../case.ts";
import { mpiError } from "./expected-error.ts";
import { left, ranks, right } from "./ring.ts";
import { allConstructors } from "./typed-arrays.ts";

type Kind = new (length: number) => TypedArray;

const kinds: readonly Kind[] = allConstructors;

/** An array of `length` elements: `first`, `first` + 1, ... */
function counting(Kind: Kind, length: number, first = 0): TypedArray {
  const array = new Kind(length);
  for (let i = 0; i < length; i++) {
    const value = (first + i) % 100;
    array[i] = (typeof array[i] === "bigint" ? BigInt(value) : value) as never;
  }
  return array;
}

/** The regions that cases use, of grids with that many rows and columns. */
function regions(rows: number, columns: number): Region[] {
  return [
    { shape: [rows, columns], start: [0, 1], size: [rows, 1] },
    { shape: [rows, columns], start: [1, 0], size: [1, columns] },
    { shape: [rows, columns], start: [1, 1], size: [rows - 2, columns - 2] },
    { shape: [rows, columns], start: [0, 1], stride: [2, 3] },
    { shape: [rows, columns / 2, 2], start: [0, 1, 1], size: [rows, columns / 2 - 1, 1] },
  ];
}

/** A block of the same size somewhere else, in memory that is filled with `value`. */
function room(like: Block, value: number): Block {
  const [height = 1, ...others] = like.size;
  const shape = [height + 1, ...others.map((extent) => extent + 2)];
  const array = new (kinds.find((Kind) => like.array instanceof Kind) as Kind)(shape.reduce((a, b) => a * b, 1));
  array.fill((typeof array[0] === "bigint" ? BigInt(value) : value) as never);
  return block(array as TypedArray, { shape, start: shape.map(() => 1), size: like.size });
}

/** Asserts that a block has these elements, and that around it nothing has changed. */
function assertFilled(target: Block, expected: TypedArray, around: number): void {
  assert.deepEqual(target.toArray(), expected);
  const outside = target.array.slice() as TypedArray;
  block(outside, target).fill((typeof outside[0] === "bigint" ? 0n : 0) as never);
  const changed = outside.filter(((each: number | bigint) => Number(each) !== 0 && Number(each) !== around) as never);
  assert.equal(changed.length, 0, "elements beside the block have changed");
}

export const cases: Case[] = [
  {
    name: "blocks of every kind and shape travel as the array of their elements, and fill blocks",
    heavy: true,
    async program(world) {
      const around = { dest: right(world), source: left(world) };
      // 12 x 8: within a message's head; 400 x 60: in pieces; 1200 x 80: beyond what is sent at once.
      for (const [rows, columns] of [[12, 8] as const, [400, 60] as const, [1200, 80] as const]) {
        for (const Kind of rows === 12 ? kinds : [Float64Array, Int8Array, BigInt64Array]) {
          for (const region of regions(rows, columns)) {
            const mine = block(counting(Kind, rows * columns, world.rank), region);
            const theirs = block(counting(Kind, rows * columns, left(world)), region).toArray();
            assert.deepEqual(await world.sendrecv(mine, around), theirs);
            const into = room(mine, 101);
            assert.equal(await world.sendrecv(mine, { ...around, into }), into);
            assertFilled(into, theirs, 101);
            const sent = world.send(mine.toArray(), { dest: right(world), tag: 1 });
            const next = room(mine, 102);
            assert.equal(await world.recv({ source: left(world), tag: 1, into: next }), next);
            await sent;
            assertFilled(next, theirs, 102);
            const also = world.send(mine, { dest: right(world), tag: 2, sync: true });
            const flat = new Kind(mine.length + 1) as TypedArray;
            assert.equal(await world.recv({ source: left(world), tag: 2, into: flat }), flat);
            await also;
            assert.deepEqual(flat.subarray(0, mine.length), theirs);
          }
        }
      }
    },
  },
  {
    name: "a block that arrives before its receive fills a block, and a longer block keeps its rest",
    async program(world) {
      for (const rows of [6, 300, 20_000]) {
        const grid = counting(Float64Array, rows * 3, world.rank);
        const column = block(grid, { shape: [rows, 3], start: [0, 2], size: [rows, 1] });
        const sent = world.send(column, { dest: right(world), tag: 3 });
        await world.probe({ source: left(world), tag: 3 });
        const target = counting(Float64Array, (rows + 2) * 2, 7);
        const rest = target.at(-1);
        const into = block(target, { shape: [rows + 2, 2], start: [0, 1], size: [rows + 2, 1] });
        await world.recv({ source: left(world), tag: 3, into });
        await sent;
        const theirs = block(counting(Float64Array, rows * 3, left(world)), column).toArray();
        assert.deepEqual(into.toArray().subarray(0, rows), theirs);
        assert.equal(target.at(-1), rest);
      }
    },
  },
  {
    name: "a halo exchange within one array fills the ghost columns alone",
    async program(world) {
      for (const rows of [5, 3000]) {
        const columns = 6;
        const column = (array: Float64Array, at: number): Block<Float64Array> =>
          block(array, { shape: [rows, columns], start: [0, at], size: [rows, 1] });
        const grid = new Float64Array(rows * columns).fill(world.rank);
        await world.sendrecv(column(grid, 1), { dest: left(world), source: right(world), into: column(grid, 5) });
        await world.sendrecv(column(grid, 4), { dest: right(world), source: left(world), into: column(grid, 0) });
        const expected = new Float64Array(rows * columns).fill(world.rank);
        column(expected, 0).fill(left(world));
        column(expected, 5).fill(right(world));
        assert.deepEqual(grid, expected);
        // What is received where something is sent: the old elements leave first.
        await world.sendrecv(column(grid, 1), { dest: right(world), source: left(world), into: column(grid, 1) });
        assert.deepEqual(column(grid, 1).toArray(), new Float64Array(rows).fill(left(world)));
      }
    },
  },
  {
    name: "blocks may stand for arrays in every collective, as value, as part and as into",
    async program(world) {
      const { rank, size } = world;
      const shape = [5, 4];
      const column = (first: number): Block<Float64Array> =>
        block(
          Float64Array.from({ length: 20 }, (_, i) => first + i),
          { shape, start: [0, 1], size: [5, 1] },
        );
      const here = (): Block<Float64Array> =>
        block(new Float64Array(20).fill(-1), { shape, start: [0, 2], size: [5, 1] });
      const of = (r: number): Float64Array => column(100 * r).toArray();
      const filled = async (
        into: Block<Float64Array>,
        result: Promise<unknown>,
        expected: Float64Array,
      ): Promise<void> => {
        assert.equal(await result, into);
        assert.deepEqual(into.toArray(), expected);
        assert.equal(into.array.filter((each) => each === -1).length, 15);
      };
      const total = ranks(world).reduce(
        (all, r) => all.map((each, i) => each + (of(r)[i] as number)),
        new Float64Array(5),
      );
      const upTo = (last: number): Float64Array =>
        ranks(world)
          .slice(0, last + 1)
          .reduce((all, r) => all.map((each, i) => each + (of(r)[i] as number)), new Float64Array(5));
      const mine = column(100 * rank);

      assert.deepEqual(await world.bcast(mine, { root: size - 1 }), of(size - 1));
      assert.deepEqual(await world.bcast(() => column(7)), column(7).toArray());
      assert.deepEqual(await world.scatter(() => ranks(world).map((r) => column(100 * r))), of(rank));
      assert.deepEqual(await world.allgather(mine), ranks(world).map(of));
      assert.deepEqual(await world.gather(mine), rank === 0 ? ranks(world).map(of) : undefined);
      assert.deepEqual(
        await world.alltoall(ranks(world).map((r) => column(100 * rank + r))),
        ranks(world).map((r) => column(100 * r + rank).toArray()),
      );
      assert.deepEqual(await world.allreduce(mine, sum), total);
      assert.deepEqual(await world.reduce(mine, sum), rank === 0 ? total : undefined);
      assert.deepEqual(await world.scan(mine, sum), upTo(rank));
      assert.deepEqual(await world.exscan(mine, sum), rank === 0 ? undefined : upTo(rank - 1));
      assert.deepEqual(
        await world.reduceScatter(
          ranks(world).map(() => mine),
          sum,
        ),
        total,
      );

      let into = here();
      await filled(into, world.bcast(mine, { into }), of(0));
      into = here();
      await filled(
        into,
        world.scatter(() => ranks(world).map((r) => column(100 * r)), { into }),
        of(rank),
      );
      into = here();
      await filled(into, world.allreduce(mine, sum, { into }), total);
      into = here();
      await filled(into, world.scan(mine, sum, { into }), upTo(rank));
      into = here();
      await filled(
        into,
        world.reduceScatter(
          ranks(world).map(() => mine),
          sum,
          { into },
        ),
        total,
      );
      into = column(100 * rank);
      await world.allreduce(into, sum, { into });
      assert.deepEqual(into.toArray(), total);
      assert.equal(into.array[0], 100 * rank);
      const whole = block(new Float64Array(10 * size), { shape: [5 * size, 2], start: [0, 1], size: [5 * size, 1] });
      assert.equal(await world.allgather(mine, { into: whole }), whole);
      assert.deepEqual(whole.toArray(), Float64Array.from(ranks(world).flatMap((r) => [...of(r)])));
      assert.equal(whole.array[0], 0);
    },
  },
  {
    name: "a list of arrays and blocks takes the parts, each in its own",
    async program(world) {
      const { rank, size } = world;
      const matrix = new Float64Array(3 * size);
      const column = (at: number): Block<Float64Array> =>
        block(matrix, { shape: [3, size], start: [0, at], size: [3, 1] });
      const into: ArrayOrBlock<Float64Array>[] = ranks(world).map(column);
      assert.equal(await world.allgather(Float64Array.of(rank, rank + 0.5, -rank), { into }), into);
      for (const r of ranks(world)) assert.deepEqual(column(r).toArray(), Float64Array.of(r, r + 0.5, -r));

      const others = ranks(world).map(() => new Int32Array(2));
      await world.alltoall(
        ranks(world).map((r) => Int32Array.of(rank, r)),
        { into: others },
      );
      assert.deepEqual(
        others,
        ranks(world).map((r) => Int32Array.of(r, rank)),
      );

      const gathered = await world.gather(Int32Array.of(rank), { into: rank === 0 ? others : [] });
      assert.equal(gathered, rank === 0 ? others : undefined);
      if (rank === 0)
        assert.deepEqual(
          others.map(([first]) => first),
          ranks(world),
        );
    },
  },
  {
    name: "neighbours in a grid exchange their edges in one call, in any number of dimensions",
    async program(world) {
      const line = await world.cart([world.size], { periodic: true });
      const rows = 50;
      const grid = new Float64Array(rows * 4).fill(line.rank);
      const column = (at: number): Block<Float64Array> =>
        block(grid, { shape: [rows, 4], start: [0, at], size: [rows, 1] });
      const ghosts = [column(0), column(3)];
      assert.equal(await line.neighborAlltoall([column(1), column(2)], { into: ghosts }), ghosts);
      assert.deepEqual(column(0).toArray(), new Float64Array(rows).fill(left(line)));
      assert.deepEqual(column(3).toArray(), new Float64Array(rows).fill(right(line)));
      // Into what is sent: each side gets the other's old elements.
      const edges = [column(1), column(2)];
      column(1).fill(line.rank);
      column(2).fill(line.rank + 0.5);
      await line.neighborAlltoall(edges, { into: edges });
      assert.deepEqual(column(1).toArray(), new Float64Array(rows).fill(left(line) + 0.5));
      assert.deepEqual(column(2).toArray(), new Float64Array(rows).fill(right(line)));
      const both = block(new Float64Array(4 * rows), { shape: [2 * rows, 2], size: [2 * rows, 1] });
      assert.equal(await line.neighborAllgather(column(1), { into: both }), both);
      assert.equal(both.toArray()[rows], line.rank + 0.5);
      await line.close();

      const open = await world.cart([world.size]);
      column(0).fill(-7);
      await open.neighborAllgather(column(1), { into: [column(0), column(3)] });
      if (open.rank === 0) assert.deepEqual(column(0).toArray(), new Float64Array(rows).fill(-7));
      await open.close();
    },
  },
  {
    name: "wrong blocks and lists are refused with the numbers, on every rank",
    async program(world) {
      const array = new Float64Array(12);
      const column = block(array, { shape: [3, 4], size: [3, 1] });
      const short = block(array, { shape: [3, 4], size: [2, 1] });
      const around = { dest: right(world), source: left(world) };
      await assert.rejects(world.sendrecv(array.slice(0, 3), { ...around, into: short }), (error) =>
        mpiError("mismatch", /the data has 3 elements, but `into` has room for 2/)(error),
      );
      await world.recv({ source: left(world) });
      await assert.rejects(
        world.sendrecv(new Int32Array(3), { ...around, into: column }),
        mpiError("mismatch", /the data is an Int32Array, but `into` is a block of a Float64Array/),
      );
      await world.recv({ source: left(world) });
      await assert.rejects(
        world.allgather(1, { into: [column, short] } as never),
        mpiError(
          "invalid-argument",
          /into\[0\] and into\[1\] have elements in common: shape \[3, 4\], start \[0, 0\], size \[3, 1\]; shape/,
        ),
      );
      await assert.rejects(
        world.allreduce(array, sum, { into: [array] } as never),
        mpiError("invalid-argument", /`into` is an array of 1, but it is a typed array, or a block of one/),
      );
      await assert.rejects(
        world.allreduce(column, sum, { into: short }),
        mpiError("mismatch", /the data has 3 elements, but `into` has room for 2/),
      );
      await world.barrier();
    },
  },
];
