import { strict as assert } from "node:assert";
import { dims, sum } from "tsmpi";
import type { Case } from "../case.ts";
import { mpiError } from "./expected-error.ts";

export const cases: Case[] = [
  {
    name: "dims finds balanced factors, also around fixed ones",
    async program() {
      assert.deepEqual(dims(12, 2), [4, 3]);
      assert.deepEqual(dims(16, 2), [4, 4]);
      assert.deepEqual(dims(7, 2), [7, 1]);
      assert.deepEqual(dims(60, 3), [5, 4, 3]);
      assert.deepEqual(dims(1, 3), [1, 1, 1]);
      assert.deepEqual(dims(12, [0, 6]), [2, 6]);
      assert.deepEqual(dims(24, [0, 2, 0]), [4, 2, 3]);
      assert.deepEqual(dims(1, 0), []);
      assert.throws(() => dims(12, [0, 5]), mpiError("invalid-argument", /12 ranks do not fill/));
      assert.throws(() => dims(12, [3, 3]), mpiError("invalid-argument"));
      assert.throws(() => dims(0, 2), mpiError("invalid-argument"));
      assert.throws(() => dims(4, [-1, 0]), mpiError("invalid-argument"));
    },
  },
  {
    name: "in a grid coordinates and ranks name the same places, in 1 to 5 dimensions",
    async program(world) {
      for (let dimensions = 1; dimensions <= 5; dimensions++) {
        const extents = dims(world.size, dimensions);
        const grid = await world.cart(extents, { periodic: true });
        assert.ok(grid);
        assert.deepEqual(grid.dims, extents);
        assert.equal(grid.size, world.size);
        for (let rank = 0; rank < grid.size; rank++) assert.equal(grid.rankOf(grid.coords(rank)), rank);
        for (let dimension = 0; dimension < dimensions; dimension++) {
          const { source, dest } = grid.shift({ dimension });
          const next: number[] = grid.coords().map((at, i) => at + (i === dimension ? 1 : 0));
          assert.equal(dest, grid.rankOf(next));
          assert.equal(grid.shift({ dimension, by: -1 }).dest, source);
          assert.equal(await grid.sendrecv(grid.rank, { dest, source }), source);
        }
      }
    },
  },
  {
    name: "grids and graphs whose ranks are renumbered by hosts have all ranks, and the neighbors of their new numbers",
    async program(world) {
      const { rank, size } = world;
      const grid = await world.cart(dims(size, 2), { periodic: true, reorder: true });
      assert.deepEqual(
        (await grid.allgather(rank)).toSorted((a, b) => a - b),
        Array.from({ length: size }, (_, each) => each),
      );
      assert.equal(grid.rankOf(grid.coords()), grid.rank);
      assert.deepEqual(await grid.neighborAllgather(grid.rank), grid.neighbors);
      const right = (rank + 1) % size;
      const ring = await world.graph({ destinations: [right] }, { reorder: true });
      assert.deepEqual(ring.destinations, [(ring.rank + 1) % size]);
      assert.deepEqual(await ring.neighborAllgather(ring.rank), ring.sources);
    },
  },
  {
    name: "beyond a border that is not periodic there is nobody",
    async program(world) {
      const line = await world.cart([world.size]);
      assert.ok(line);
      assert.deepEqual(line.periodic, [false]);
      const { source, dest } = line.shift({ dimension: 0 });
      assert.equal(source, line.rank === 0 ? null : line.rank - 1);
      assert.equal(dest, line.rank === line.size - 1 ? null : line.rank + 1);
      assert.equal(line.rankOf([-1]), null);
      assert.equal(line.rankOf([line.size]), null);
      assert.deepEqual(line.shift({ dimension: 0, by: world.size }), { source: null, dest: null });
      const from = await line.sendrecv(`I am ${line.rank}`, { dest, source });
      assert.equal(from, line.rank === 0 ? undefined : `I am ${line.rank - 1}`);
      const ghost = new Float64Array(2);
      const got = await line.sendrecv(new Float64Array([line.rank, 1]), { dest, source, into: ghost });
      assert.equal(got, source === null ? undefined : ghost);
      assert.deepEqual(ghost, source === null ? new Float64Array(2) : new Float64Array([source, 1]));
    },
  },
  {
    name: "a grid has a place for each rank; ranks that are to be spare get null",
    async program(world) {
      const small = [Math.max(1, world.size - 1)];
      if (world.size > 1) {
        const advice = /places for \d ranks; with \{ spare: true \} the last ranks are left out/;
        await assert.rejects(world.cart(small), mpiError("invalid-argument", advice));
      }
      const grid = await world.cart(small, { spare: true });
      assert.equal(grid === null, world.size > 1 && world.rank === world.size - 1);
      const point = await world.cart([], { spare: true });
      assert.equal(point === null, world.rank !== 0);
      if (point) assert.deepEqual([point.coords(), point.rankOf([]), point.size], [[], 0, 1]);
    },
  },
  {
    name: "a grid is cut into rows and columns",
    async program(world) {
      const extents = dims(world.size, 2) as [number, number];
      const grid = await world.cart(extents, { periodic: [false, true] });
      assert.ok(grid);
      const [y, x] = grid.coords() as [number, number];
      const row = await grid.sub([false, true]);
      const column = await grid.sub([true, false]);
      assert.deepEqual([row.dims, row.periodic, row.rank], [[extents[1]], [true], x]);
      assert.deepEqual([column.dims, column.periodic, column.rank], [[extents[0]], [false], y]);
      assert.equal(await row.allreduce(y, sum), y * extents[1]);
      assert.equal(await column.allreduce(x, sum), x * extents[0]);
      const alone = await grid.sub([false, false]);
      assert.equal(alone.size, 1);
      const all = await grid.dup();
      assert.deepEqual(all.coords(), grid.coords());
    },
  },
  {
    name: "grids that cannot be are refused on every rank",
    async program(world) {
      await assert.rejects(world.cart([world.size + 1]), mpiError("invalid-argument", /places for/));
      await assert.rejects(world.cart([0]), mpiError("invalid-argument", /extent/));
      await assert.rejects(
        world.cart([world.size], { periodic: [true, false] }),
        mpiError("invalid-argument", /2 entries for 1/),
      );
      if (world.size > 1) {
        const mine = world.rank === 0 ? [1, 2] : [2, 1];
        const differ = world.cart(mine, { spare: true });
        await assert.rejects(differ, mpiError("mismatch", /dims \[1, 2\].*dims \[2, 1\]/));
      }
      const line = await world.cart([world.size]);
      assert.throws(() => line?.coords(world.size), mpiError("invalid-argument", /rank is/));
      assert.throws(() => line?.rankOf([0, 0]), mpiError("invalid-argument", /1 dimensions/));
      assert.throws(() => line?.shift({ dimension: 1 }), mpiError("invalid-argument", /dimension is 1/));
    },
  },
  {
    name: "neighbours in a grid exchange, lower before upper, rings of one and two included",
    async program(world) {
      for (const extents of [[world.size], dims(world.size, 2), dims(world.size, 3)]) {
        for (const periodic of [true, false]) {
          const grid = await world.cart(extents, { periodic });
          assert.ok(grid);
          const around = extents.flatMap((_, dimension) => {
            const { source, dest } = grid.shift({ dimension });
            return [source, dest];
          });
          assert.deepEqual(grid.neighbors, around);
          const values = await grid.neighborAllgather(grid.rank);
          assert.deepEqual(
            values,
            around.map((rank) => rank ?? undefined),
          );
          // Whoever is above me has me below: its part for below is mine.
          const parts = around.map(
            (to, i) => `${grid.rank} to ${to}, its ${i % 2 === 0 ? "lower" : "upper"} in ${i >> 1}`,
          );
          const got = await grid.neighborAlltoall(parts);
          const expected = around.map((from, i) =>
            from === null ? undefined : `${from} to ${grid.rank}, its ${i % 2 === 0 ? "upper" : "lower"} in ${i >> 1}`,
          );
          assert.deepEqual(got, expected);
        }
      }
    },
  },
  {
    name: "a graph by one list of neighbours goes both ways",
    async program(world) {
      const { rank, size } = world;
      const [left, right] = [(rank + size - 1) % size, (rank + 1) % size];
      const ring = await world.graph([left, right]);
      assert.deepEqual(
        [ring.sources, ring.destinations],
        [
          [left, right],
          [left, right],
        ],
      );
      assert.deepEqual(await ring.neighborAllgather(rank * 10), [left * 10, right * 10]);
      if (size > 2) assert.deepEqual(await ring.neighborAlltoall([`l${rank}`, `r${rank}`]), [`r${left}`, `l${right}`]);
      assert.equal(await ring.allreduce(1, sum), size);
    },
  },
  {
    name: "a graph by destinations finds its sources; a tree sends down and up",
    async program(world) {
      const { rank, size } = world;
      const children = [2 * rank + 1, 2 * rank + 2].filter((child) => child < size);
      const parents = rank === 0 ? [] : [(rank - 1) >> 1];
      const down = await world.graph({ destinations: children });
      assert.deepEqual([down.sources, down.destinations], [parents, children]);
      assert.deepEqual(await down.neighborAllgather(rank), parents);
      const up = await world.graph({ destinations: parents, sources: children.toReversed() });
      assert.deepEqual(
        await up.neighborAlltoall(parents.map((parent) => [rank, parent])),
        up.sources.map((s) => [s, rank]),
      );
      const none = await world.graph([]);
      assert.deepEqual(await none.neighborAllgather("nobody"), []);
    },
  },
  {
    name: "neighbours in three dimensions, periodic or not, are those that shift names",
    async program(world) {
      for (const periodic of [true, false, [true, false, true]]) {
        const grid = await world.cart(dims(world.size, 3), { periodic });
        assert.ok(grid);
        const named = [0, 1, 2].flatMap((dimension) => {
          const { source, dest } = grid.shift({ dimension });
          return [source, dest];
        });
        assert.deepEqual(grid.neighbors, named);
        const expected = named.map((neighbor) => neighbor ?? undefined);
        assert.deepEqual(await grid.neighborAllgather(grid.rank), expected);
        const parts = named.map((_, i) => ({ from: grid.rank, way: i }));
        const opposite = named.map((from, i) => (from === null ? undefined : { from, way: i ^ 1 }));
        assert.deepEqual(await grid.neighborAlltoall(parts), opposite);
      }
    },
  },
  {
    name: "any graph will do: with ranks that nobody names, and edges from a rank to itself",
    async program(world) {
      const { rank, size } = world;
      const edges = Array.from({ length: size }, (_, from) =>
        Array.from({ length: size }, (_, to) => to).filter(
          (to) => to !== 1 && from !== 2 && (from * 5 + to * 3) % 4 < 2,
        ),
      );
      const mine = edges[rank] as number[];
      const graph = await world.graph({ destinations: mine });
      const sources = edges.flatMap((list, from) => (list.includes(rank) ? [from] : []));
      assert.deepEqual([graph.sources, graph.destinations], [sources, mine]);
      assert.deepEqual(
        await graph.neighborAllgather({ from: rank }),
        sources.map((from) => ({ from })),
      );
      const got = await graph.neighborAlltoall(mine.map((to) => new Int32Array([rank, to])));
      assert.deepEqual(
        got,
        sources.map((from) => new Int32Array([from, rank])),
      );
      const twin = await graph.dup();
      assert.deepEqual(await twin.neighborAllgather(rank), sources);
    },
  },
  {
    name: "large arrays go along edges that are several between two ranks, in their order",
    async program(world) {
      const { rank, size } = world;
      const next = (rank + 1) % size;
      const graph = await world.graph({ destinations: [next, next, next] });
      const parts = [1, 100_000, 3].map((length) => new Float64Array(length).fill(rank));
      const got = await graph.neighborAlltoall(parts);
      assert.deepEqual(
        got.map((array) => [array.length, array[0]]),
        [1, 100_000, 3].map((length) => [length, (rank + size - 1) % size]),
      );
    },
  },
  {
    name: "an edge that only one end names, and neighbours that do not exist, are refused on every rank",
    async program(world) {
      const { rank, size } = world;
      await assert.rejects(world.graph([size]), mpiError("invalid-argument", /a neighbour is/));
      if (size > 1) {
        const lopsided = { destinations: rank === 0 ? [1] : [], sources: [] };
        await assert.rejects(world.graph(lopsided), mpiError("mismatch", /rank 1 names as sources \[\].*\[0\]/));
      }
      const self = await world.graph([rank]);
      await assert.rejects(self.neighborAlltoall([1, 2]), mpiError("invalid-argument", /one part for each of 1/));
    },
  },
  {
    name: "neighbor collectives fill an array; a border keeps its room and what is in it",
    async program(world) {
      const { rank, size } = world;
      for (const periodic of [true, false]) {
        const line = await world.cart([size], { periodic });
        const [left, right] = line.neighbors;
        const block = (from: number | null | undefined, length: number): number[] =>
          Array(length).fill(typeof from === "number" ? from : -1);
        const all = new Float64Array(5).fill(-1);
        assert.equal(await line.neighborAllgather(new Float64Array(2).fill(rank), { into: all }), all);
        assert.deepEqual([...all], [...block(left, 2), ...block(right, 2), -1]);
        const parts = [new Float64Array(1).fill(rank), new Float64Array(1).fill(rank)];
        const swapped = await line.neighborAlltoall(parts, { into: new Float64Array(2).fill(-1) });
        assert.deepEqual([...swapped], [...block(left, 1), ...block(right, 1)]);
      }
      const star = await world.graph(rank === 0 ? Array.from({ length: size - 1 }, (_, i) => i + 1) : [0]);
      const mine = new Int32Array(rank + 1).fill(rank); // of another length on each rank
      const around = await star.neighborAllgather(mine, { into: new Int32Array(36) });
      const expected = star.sources.flatMap((from) => Array(from + 1).fill(from) as number[]);
      assert.deepEqual([...around.subarray(0, expected.length)], expected);
      const short = star.neighborAllgather(mine, { into: new Int32Array(0) });
      if (size > 1) await assert.rejects(short, mpiError("mismatch", /has room for 0/));
      else assert.equal((await short).length, 0);
    },
  },
];
