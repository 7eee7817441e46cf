import { strict as assert } from "node:assert";
import { chunks, dims, max, maxloc, prod, range, sum } from "tsmpi";
import type { Case } from "../../case.ts";

const near = (a: number, b: number): void => assert.ok(Math.abs(a - b) < 1e-9 * Math.max(1, Math.abs(b)), `${a}, ${b}`);
const matrix = (rows: number, columns: number, at: (i: number, j: number) => number): Float64Array[] =>
  Array.from({ length: rows }, (_, i) => Float64Array.from({ length: columns }, (_, j) => at(i, j)));
const dot = (a: Float64Array, b: Float64Array): number => a.reduce((total, x, i) => total + x * (b[i] as number), 0);

/** Numbers, vectors and matrices: what the books' programs compute. */
export const cases: Case[] = [
  {
    name: "pi by the midpoint rule",
    async program(world) {
      const n = await world.bcast(world.rank === 0 ? 1000 : undefined);
      let mine = 0;
      for (const i of range(n, world)) mine += 4 / (1 + ((i + 0.5) / n) ** 2);
      const pi = await world.reduce(mine / n, sum);
      if (world.rank === 0) assert.ok(Math.abs((pi ?? 0) - Math.PI) < 1e-6);
      else assert.equal(pi, undefined);
    },
  },
  {
    name: "the trapezoid rule, with the partial sums sent to rank 0",
    async program(world) {
      const [a, b, n] = await world.bcast<[number, number, number]>(() => [0, 3, 1024]);
      const h = (b - a) / n;
      let area = 0;
      for (const i of range(n, world)) area += (h * ((a + i * h) ** 2 + (a + (i + 1) * h) ** 2)) / 2;
      if (world.rank > 0) {
        await world.send(area, { dest: 0, tag: 1 });
      } else {
        let total = area;
        for (let source = 1; source < world.size; source++) total += await world.recv<number>({ source, tag: 1 });
        assert.ok(Math.abs(total - 9) < 1e-4);
      }
    },
  },
  {
    name: "the shares of a range are each index once, in the order of the ranks",
    async program(world) {
      for (const n of [0, 1, world.size - 1, world.size, 3 * world.size + 1]) {
        const shares = await world.allgather([...range(n, world)]);
        assert.deepEqual(
          shares.flat(),
          Array.from({ length: n }, (_, i) => i),
        );
      }
    },
  },
  {
    name: "matrix times vector: rows, columns, and a checkerboard",
    async program(world) {
      const [m, n] = [13, 11];
      const a = matrix(m, n, (i, j) => i - 2 * j + 1);
      const x = Float64Array.from({ length: n }, (_, j) => j * j);
      const y = Float64Array.from(a, (row) => dot(row, x));

      const rows = await world.scatter(() => chunks(a, world.size));
      const mine = Float64Array.from(rows, (row) => dot(row, x));
      assert.deepEqual(await world.allgather(mine, { into: new Float64Array(m) }), y);

      const columns = chunks(Array(n).keys(), world.size)[world.rank] ?? [];
      const part = Float64Array.from(a, (row) => columns.reduce((t, j) => t + (row[j] ?? 0) * (x[j] ?? 0), 0));
      const block = await world.reduceScatter(chunks(part, world.size), sum);
      assert.deepEqual(block, chunks(y, world.size)[world.rank]);

      const grid = await world.cart(dims(world.size, 2));
      const [p, q] = grid.dims as [number, number];
      const [down, across] = grid.coords() as [number, number];
      const line = await grid.sub([false, true]);
      const myRows = chunks(a, p)[down] ?? [];
      const myColumns = chunks(Array(n).keys(), q)[across] ?? [];
      const partial = Float64Array.from(myRows, (row) =>
        myColumns.reduce((t, j) => t + (row[j] ?? 0) * (x[j] ?? 0), 0),
      );
      await line.allreduce(partial, sum, { into: partial });
      assert.deepEqual(partial, chunks(y, p)[down]);
    },
  },
  {
    name: "matrix times matrix by Cannon: blocks go round a torus",
    async program(world) {
      const side = Math.floor(Math.sqrt(world.size));
      const torus = await world.cart([side, side], { periodic: true, spare: true });
      if (torus === null) return; // one of the ranks beyond the square
      const block = 3;
      const [row, column] = torus.coords() as [number, number];
      const of = (f: (i: number, j: number) => number) => (i: number, j: number) =>
        matrix(block, block, (bi, bj) => f(i * block + bi, j * block + bj));
      const [fa, fb] = [(i: number, j: number) => i + j, (i: number, j: number) => i - j];
      const left = torus.shift({ dimension: 1, by: -row });
      const up = torus.shift({ dimension: 0, by: -column });
      let a = (await torus.sendrecv<Float64Array[]>(of(fa)(row, column), left)) ?? [];
      let b = (await torus.sendrecv<Float64Array[]>(of(fb)(row, column), up)) ?? [];
      const c = matrix(block, block, () => 0);
      for (let step = 0; step < side; step++) {
        for (const [i, target] of c.entries()) {
          for (let j = 0; j < block; j++) {
            for (let k = 0; k < block; k++) target[j] = (target[j] ?? 0) + (a[i]?.[k] ?? 0) * (b[k]?.[j] ?? 0);
          }
        }
        const next = await Promise.all([
          torus.sendrecv<Float64Array[]>(a, { ...torus.shift({ dimension: 1, by: -1 }), tag: 1 }),
          torus.sendrecv<Float64Array[]>(b, { ...torus.shift({ dimension: 0, by: -1 }), tag: 2 }),
        ]);
        [a = [], b = []] = next;
      }
      const whole = side * block;
      const expected = of((i, j) => {
        let total = 0;
        for (let k = 0; k < whole; k++) total += fa(i, k) * fb(k, j);
        return total;
      })(row, column);
      assert.deepEqual(c, expected);
    },
  },
  {
    name: "matrix times matrix by Fox: broadcasts in rows, shifts in columns, with communicators by split",
    async program(world) {
      const side = Math.floor(Math.sqrt(world.size));
      const square = await world.split(world.rank < side * side ? 0 : null);
      if (square === null) return;
      const [r, c] = [Math.floor(square.rank / side), square.rank % side];
      const row = await square.split(r, { key: c });
      const column = await square.split(c, { key: r });
      const mine = (i: number, j: number): number => 1 + i * side + j;
      let b = -mine(r, c);
      let result = 0;
      for (let step = 0; step < side; step++) {
        const root = (r + step) % side;
        const a = await row.bcast(c === root ? mine(r, c) : undefined, { root });
        result += (a ?? 0) * b;
        b = await column.sendrecv<number>(b, { dest: (r + side - 1) % side, source: (r + 1) % side });
      }
      let expected = 0;
      for (let k = 0; k < side; k++) expected += mine(r, k) * -mine(k, c);
      assert.equal(result, expected);
    },
  },
  {
    name: "a matrix transposed by alltoall",
    async program(world) {
      const { rank, size } = world;
      const width = 2 * size;
      const at = (i: number, j: number): number => i * width + j;
      const mine = matrix(2, width, (i, j) => at(rank * 2 + i, j));
      const parts = Array.from({ length: size }, (_, to) =>
        Float64Array.of(...[0, 1].flatMap((j) => [0, 1].map((i) => mine[i]?.[to * 2 + j] ?? Number.NaN))),
      );
      const received = await world.alltoall(parts);
      const transposed = [0, 1].map((i) =>
        Float64Array.from(received.flatMap((p) => [...p.subarray(i * 2, i * 2 + 2)])),
      );
      assert.deepEqual(
        transposed,
        matrix(2, width, (i, j) => at(j, rank * 2 + i)),
      );
    },
  },
  {
    name: "a linear system by conjugate gradients",
    heavy: true,
    async program(world) {
      const n = 40;
      const first = chunks(Array(n).keys(), world.size)[world.rank] ?? [];
      const a = (i: number, j: number): number => (i === j ? 4 : Math.abs(i - j) === 1 ? -1 : 0);
      const all = new Float64Array(n);
      const times = async (v: Float64Array): Promise<Float64Array> => {
        await world.allgather(v, { into: all });
        return Float64Array.from(first, (i) => all.reduce((t, x, j) => t + a(i, j) * x, 0));
      };
      const inner = (u: Float64Array, v: Float64Array): Promise<number> => world.allreduce(dot(u, v), sum);
      const b = Float64Array.from(first, (i) => i + 1);
      const x = new Float64Array(first.length);
      const r = b.slice();
      const p = b.slice();
      let rho = await inner(r, r);
      for (let step = 0; step < 60 && rho > 1e-24; step++) {
        const q = await times(p);
        const alpha = rho / (await inner(p, q));
        for (const i of x.keys()) {
          x[i] = (x[i] ?? 0) + alpha * (p[i] ?? 0);
          r[i] = (r[i] ?? 0) - alpha * (q[i] ?? 0);
        }
        const next = await inner(r, r);
        for (const i of p.keys()) p[i] = (r[i] ?? 0) + (next / rho) * (p[i] ?? 0);
        rho = next;
      }
      for (const [i, value] of (await times(x)).entries()) near(value, b[i] ?? 0);
    },
  },
  {
    name: "Gaussian elimination: the largest pivot by maxloc, its row by broadcast",
    async program(world) {
      const n = 9;
      const owner = (i: number): number => i % world.size;
      const rows = new Map<number, Float64Array>();
      for (let i = 0; i < n; i++) {
        if (owner(i) !== world.rank) continue;
        rows.set(
          i,
          Float64Array.from({ length: n }, (_, j) => ((i * 7 + j * 3) % 11) + (i === j ? 5 : 0)),
        );
      }
      const left = new Set(Array.from({ length: n }, (_, i) => i));
      let determinant = 1;
      let swaps = 0;
      const order: number[] = [];
      for (let k = 0; k < n; k++) {
        const candidates = [...rows].filter(([i]) => left.has(i)).map(([i, row]) => [Math.abs(row[k] ?? 0), i]);
        const best = candidates.sort(([a = 0], [b = 0]) => b - a)[0] ?? [-1, 0];
        const [, pivot = 0] = await world.allreduce(best, maxloc);
        const row = await world.bcast(rows.get(pivot), { root: owner(pivot) });
        assert.ok(row);
        left.delete(pivot);
        order.push(pivot);
        determinant *= row[k] ?? 0;
        for (const [i, mine] of rows) {
          if (!left.has(i)) continue;
          const factor = (mine[k] ?? 0) / (row[k] ?? 1);
          for (let j = k; j < n; j++) mine[j] = (mine[j] ?? 0) - factor * (row[j] ?? 0);
        }
      }
      for (const [i, a] of order.entries()) swaps += order.slice(i + 1).filter((b) => b < a).length;
      const mine = swaps % 2 === 0 ? determinant : -determinant;
      assert.equal(await world.allreduce(mine, max), mine); // the same on every rank, to the last bit
      near(mine, -193_972_020);
    },
  },
  {
    name: "shortest ways by Floyd: each row is broadcast by its owner",
    async program(world) {
      const n = 12;
      const blocks = chunks(Array(n).keys(), world.size);
      const owner = (k: number): number => blocks.findIndex((block) => block.includes(k));
      const edge = (i: number, j: number): number => (i === j ? 0 : j === (i + 1) % n ? 1 : 100);
      const mine = blocks[world.rank] ?? [];
      const rows = mine.map((i) => Float64Array.from({ length: n }, (_, j) => edge(i, j)));
      for (let k = 0; k < n; k++) {
        const root = owner(k);
        const via = await world.bcast(rows[mine.indexOf(k)], { root });
        for (const row of rows) {
          for (let j = 0; j < n; j++) row[j] = Math.min(row[j] ?? 0, (row[k] ?? 0) + (via?.[j] ?? 0));
        }
      }
      assert.deepEqual(
        rows,
        mine.map((i) => Float64Array.from({ length: n }, (_, j) => (j - i + n) % n)),
      );
    },
  },
  {
    name: "moments, a histogram, a factorial and primes by reductions",
    async program(world) {
      const data = Float64Array.from({ length: 1000 }, (_, i) => (i * 37) % 101);
      const mine = await world.scatter(() => chunks(data, world.size), { root: world.size - 1 });
      const [count, total, squares] = await world.allreduce(
        [mine.length, mine.reduce((a, x) => a + x, 0), mine.reduce((a, x) => a + x * x, 0)],
        sum,
      );
      assert.deepEqual([count, total], [1000, data.reduce((a, x) => a + x, 0)]);
      near(
        squares ?? 0,
        data.reduce((a, x) => a + x * x, 0),
      );
      const bins = new Uint32Array(11);
      for (const x of mine) bins[Math.floor(x / 10)] = (bins[Math.floor(x / 10)] ?? 0) + 1;
      await world.allreduce(bins, sum, { into: bins });
      assert.equal(
        bins.reduce((a, x) => a + x, 0),
        1000,
      );
      assert.equal(
        await world.allreduce(BigInt(world.rank + 1), prod),
        [1n, 2n, 6n, 24n, 120n, 720n, 5040n, 40320n][world.size - 1],
      );
      const limit = 200;
      const numbers = chunks(Array(limit).keys(), world.size)[world.rank] ?? [];
      const prime = new Uint8Array(limit);
      for (const i of numbers) prime[i] = 1;
      for (let p = 2; p * p < limit; p++) for (const i of numbers) if (i % p === 0 && i > p) prime[i] = 0;
      const primes = await world.reduce(
        prime.subarray(2).reduce((a, x) => a + x, 0),
        sum,
        { root: world.size - 1 },
      );
      assert.equal(primes, world.rank === world.size - 1 ? 46 : undefined);
    },
  },
  {
    name: "bodies that attract each other: their positions go round the ring while forces are computed",
    async program(world) {
      const { rank, size } = world;
      const n = 2 * size + 1;
      const all = Float64Array.from({ length: n }, (_, i) => (i * i) % 23);
      const mine = await world.scatter(() => chunks(all, size));
      const force = (x: number, ys: Float64Array): number => ys.reduce((f, y) => (x === y ? f : f + 1 / (y - x)), 0);
      const forces = new Float64Array(mine.length);
      let visiting: Float64Array = mine;
      for (let step = 0; step < size; step++) {
        const sent = world.send(visiting, { dest: (rank + 1) % size });
        const next = world.recv<Float64Array>({ source: (rank + size - 1) % size });
        for (const [i, x] of mine.entries()) forces[i] = (forces[i] ?? 0) + force(x, visiting);
        await sent;
        visiting = await next;
      }
      assert.deepEqual(visiting, mine);
      for (const [i, f] of forces.entries()) near(f, force(mine[i] ?? 0, all));
    },
  },
];
