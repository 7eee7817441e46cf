import { strict as assert } from "node:assert";
import { chunks, dims, max, sum } from "tsmpi";
import type { Case } from "../../case.ts";

/** The glider after some steps on a torus of cells, computed by one rank for itself. */
function life(width: number, height: number, steps: number): Uint8Array {
  let cells = new Uint8Array(width * height);
  for (const [x, y] of [[1, 0], [2, 1], [0, 2], [1, 2], [2, 2]] as const) cells[y * width + x] = 1; // biome-ignore format: a picture
  for (let step = 0; step < steps; step++) {
    cells = cells.map((alive, at) => {
      const [x, y] = [at % width, Math.floor(at / width)];
      let around = 0;
      for (const dy of [-1, 0, 1]) {
        for (const dx of [-1, 0, 1]) {
          if (dx !== 0 || dy !== 0)
            around += cells[((y + dy + height) % height) * width + ((x + dx + width) % width)] ?? 0;
        }
      }
      return around === 3 || (around === 2 && alive) ? 1 : 0;
    });
  }
  return cells;
}

/** Heat in a rod or plate: each inner point becomes the mean of its neighbours; the edges stay. */
function relax(grid: Float64Array, width: number, height: number): Float64Array {
  const next = grid.slice();
  for (let y = 1; y < height - 1; y++) {
    for (let x = 1; x < width - 1; x++) {
      const at = y * width + x;
      next[at] = ((grid[at - 1] ?? 0) + (grid[at + 1] ?? 0) + (grid[at - width] ?? 0) + (grid[at + width] ?? 0)) / 4;
    }
  }
  return next;
}

const range = (count: number): number[] => Array.from({ length: count }, (_, i) => i);
const lengthOf = (cells: number, parts: number, part: number): number => chunks(range(cells), parts)[part]?.length ?? 0;

/** Grids cut among ranks, that exchange their borders. */
export const cases: Case[] = [
  {
    name: "Jacobi on rows, with ghost rows received in place and nobody beyond the edges",
    async program(world) {
      const [width, height] = [10, 18];
      const start = Float64Array.from({ length: width * height }, (_, at) => (at < width ? 100 : 0));
      const inner = lengthOf(height - 2, world.size, world.rank);
      const above = await world.exscan(inner, sum);
      const first = above ?? 0; // the row of the whole that is ghost row 0 here
      let grid: Float64Array = start.slice(first * width, (first + inner + 2) * width);
      const row = (y: number): Float64Array => grid.subarray(y * width, (y + 1) * width);
      const up = world.rank > 0 ? world.rank - 1 : null;
      const down = world.rank < world.size - 1 ? world.rank + 1 : null;
      let serial: Float64Array = start;
      for (let step = 0; step < 20; step++) {
        await world.sendrecv(row(1), { dest: up, source: down, into: row(inner + 1) });
        await world.sendrecv(row(inner), { dest: down, source: up, into: row(0) });
        const next = relax(grid, width, inner + 2);
        const change = next.reduce((most, t, at) => Math.max(most, Math.abs(t - (grid[at] ?? 0))), 0);
        const after = relax(serial, width, height);
        const expected = after.reduce((most, t, at) => Math.max(most, Math.abs(t - (serial[at] ?? 0))), 0);
        assert.equal(await world.allreduce(change, max), expected);
        [grid, serial] = [next, after];
      }
      const mine = grid.subarray(width, (inner + 1) * width);
      const whole = world.rank === 0 ? new Float64Array(width * (height - 2)) : undefined;
      await world.gather(mine, { into: whole });
      if (whole) assert.deepEqual(whole, serial.subarray(width, width * (height - 1)));
    },
  },
  {
    name: "Jacobi on a grid of ranks, with columns packed and all four borders under way at once",
    async program(world) {
      const [width, height] = [16, 14];
      const plate = await world.cart(dims(world.size, 2));
      assert.ok(plate);
      const [p = 1, q = 1] = plate.dims;
      const [r = 0, c = 0] = plate.coords();
      const [h, w] = [lengthOf(height, p, r), lengthOf(width, q, c)];
      const [top, left] = [range(r).reduce((t, i) => t + lengthOf(height, p, i), 0), range(c).reduce((t, i) => t + lengthOf(width, q, i), 0)]; // biome-ignore format: one line
      const [W, H] = [width + 2, height + 2];
      let serial: Float64Array = Float64Array.from({ length: W * H }, (_, at) =>
        at % W === 0 ? 50 : at < W ? 100 : 0,
      );
      const stride = w + 2;
      let grid: Float64Array = new Float64Array(stride * (h + 2));
      const place = (y: number, x: number): number => (top + y) * W + left + x;
      for (let y = 0; y < h + 2; y++) for (let x = 0; x < w + 2; x++) grid[y * stride + x] = serial[place(y, x)] ?? 0;
      const row = (y: number): Float64Array => grid.subarray(y * stride, (y + 1) * stride);
      const column = (x: number): Float64Array => Float64Array.from(range(h), (y) => grid[(y + 1) * stride + x] ?? 0);
      const setColumn = (x: number, values: Float64Array): void => {
        for (const [y, value] of values.entries()) grid[(y + 1) * stride + x] = value;
      };
      for (let step = 0; step < 12; step++) {
        const [north, south] = [plate.shift({ dimension: 0, by: -1 }), plate.shift({ dimension: 0 })];
        const [west, east] = [plate.shift({ dimension: 1, by: -1 }), plate.shift({ dimension: 1 })];
        const [fromEast, fromWest] = await Promise.all([
          plate.sendrecv<Float64Array | undefined>(column(1), { ...west, tag: 1 }),
          plate.sendrecv<Float64Array | undefined>(column(w), { ...east, tag: 2 }),
          plate.sendrecv(row(1), { ...north, tag: 3, into: row(h + 1) }),
          plate.sendrecv(row(h), { ...south, tag: 4, into: row(0) }),
        ]);
        if (fromEast) setColumn(w + 1, fromEast);
        if (fromWest) setColumn(0, fromWest);
        [grid, serial] = [relax(grid, w + 2, h + 2), relax(serial, W, H)];
      }
      for (let y = 1; y <= h; y++) for (let x = 1; x <= w; x++) assert.equal(grid[y * stride + x], serial[place(y, x)]);
    },
  },
  {
    name: "the game of life on a torus, border rows and columns by neighbour collectives",
    heavy: true,
    async program(world) {
      const torus = await world.cart(dims(world.size, 2), { periodic: true });
      assert.ok(torus);
      const [p = 1, q = 1] = torus.dims;
      const [r = 0, c = 0] = torus.coords();
      const [h, w] = [4, 5];
      const [height, width] = [h * p, w * q];
      const steps = 9;
      const start = life(width, height, 0);
      const cell = (y: number, x: number): number => start[(r * h + y) * width + c * w + x] ?? 0;
      let cells = range(h).map((y) => Uint8Array.from(range(w), (x) => cell(y, x)));
      for (let step = 0; step < steps; step++) {
        // Columns first, then rows that are as wide as the ghosts: so corners come from the diagonal neighbours.
        const columns = [0, w - 1].map((x) => Uint8Array.from(cells, (line) => line[x] ?? 0));
        const [, , west, east] = await torus.neighborAlltoall([none, none, ...columns]);
        assert.ok(west && east);
        const wide = cells.map((line, y) => Uint8Array.of(west[y] ?? 0, ...line, east[y] ?? 0));
        const [north, south] = await torus.neighborAlltoall([wide[0], wide[h - 1], none, none]);
        assert.ok(north && south);
        const ghosted = [north, ...wide, south];
        cells = cells.map((line, y) =>
          line.map((alive, x) => {
            let around = -alive;
            for (const dy of [0, 1, 2]) for (const dx of [0, 1, 2]) around += ghosted[y + dy]?.[x + dx] ?? 0;
            return around === 3 || (around === 2 && alive) ? 1 : 0;
          }),
        );
      }
      const expected = life(width, height, steps);
      for (const [y, line] of cells.entries()) {
        for (const [x, alive] of line.entries()) assert.equal(alive, expected[(r * h + y) * width + c * w + x]);
      }
    },
  },
  {
    name: "sums along rows, columns and planes of ranks, by split and by cart",
    async program(world) {
      const { rank, size } = world;
      const columns = Math.ceil(Math.sqrt(size));
      const row = await world.split(Math.floor(rank / columns));
      const column = await world.split(rank % columns);
      const ranks = range(size);
      const total = (list: number[]): number => list.reduce((a, b) => a + b, 0);
      const sameRow = ranks.filter((r) => Math.floor(r / columns) === Math.floor(rank / columns));
      const sameColumn = ranks.filter((r) => r % columns === rank % columns);
      const sums = await Promise.all([row.allreduce(rank, sum), column.allreduce(rank, sum)]);
      assert.deepEqual(sums, [total(sameRow), total(sameColumn)]);

      const cube = await world.cart(dims(size, 3));
      assert.ok(cube);
      const plane = await cube.sub([false, true, true]);
      const [x] = cube.coords();
      const inPlane = ranks.filter((r) => cube.coords(r)[0] === x);
      assert.equal(await plane.allreduce(rank, sum), total(inPlane));
    },
  },
  {
    name: "ranks of a graph give their share to their neighbours, as pages do",
    async program(world) {
      const { rank, size } = world;
      const linksOf = (page: number): number[] => [...new Set([(page + 1) % size, (page * 3 + 1) % size])];
      const links = linksOf(rank);
      const web = await world.graph({ destinations: links });
      let mine = 1 / size;
      let serial: number[] = Array(size).fill(1 / size);
      for (let step = 0; step < 10; step++) {
        const shares = await web.neighborAllgather(mine / links.length);
        mine = 0.15 / size + 0.85 * shares.reduce((a, b) => a + b, 0);
        serial = serial.map((_, page) => {
          const sources = range(size).filter((other) => linksOf(other).includes(page));
          return 0.15 / size + 0.85 * sources.reduce((a, other) => a + (serial[other] ?? 0) / linksOf(other).length, 0);
        });
      }
      assert.deepEqual(await web.allgather(mine), serial);
      assert.ok(Math.abs((await world.allreduce(mine, sum)) - 1) < 1e-12);
    },
  },
  {
    name: "the Mandelbrot set: lines dealt in turn, and handed out by map",
    async program(world) {
      const [width, height] = [24, 17];
      const line = (y: number): Uint8Array => Uint8Array.from(range(width), (x) => escape(x / 8 - 2, y / 8 - 1));
      const mine = range(height).filter((y) => y % world.size === world.rank);
      const lines = await world.gather(mine.map(line), { root: world.size - 1 });
      const image = range(height).map((y) => line(y));
      if (lines)
        assert.deepEqual(
          range(height).map((y) => lines[y % world.size]?.[Math.floor(y / world.size)]),
          image,
        );
      const dealt = await world.map(line, range(height));
      assert.deepEqual(dealt, world.rank === 0 ? image : undefined);
    },
  },
  {
    name: "work in the order of ranks: a token goes from each to the next",
    async program(world) {
      const { rank, size } = world;
      const token = rank === 0 ? [] : await world.recv<number[]>({ source: rank - 1 });
      token.push(rank);
      await world.send(token, { dest: rank === size - 1 ? null : rank + 1 });
      assert.deepEqual(token, range(rank + 1));
    },
  },
];

const none: Uint8Array = new Uint8Array(0);

function escape(x: number, y: number): number {
  let [re, im, steps] = [0, 0, 0];
  while (re * re + im * im < 4 && steps < 50) [re, im, steps] = [re * re - im * im + x, 2 * re * im + y, steps + 1];
  return steps;
}
