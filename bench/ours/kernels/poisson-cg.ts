import { init, max, sum } from "tsmpi";
import { report } from "../report.ts";
import { powerOf, Sequence, times } from "./nas-random.ts";

/**
 * Conjugate gradients on the five-point matrix of Poisson's equation, -uxx - uyy = f on a square, with f so that
 * u = sin(pi x) sin(2 pi y): strips of rows, ghost rows of two neighbours and two sums of all ranks in each step.
 * Checks that the residual falls by 1e10, and that the error is that of the discretization (within 1 % of its leading term). The
 * start is random: from zero one step is enough, because the right side is an eigenvector. The twin of
 * `peers/mpi4py/kernels/poisson-cg.py`.
 *
 *     poisson-cg.ts <points in each direction>
 */

/** to = A from; returns from . to. `from` has ghost rows and columns of zeros. */
function apply(from: Float64Array, to: Float64Array, n: number, rows: number): number {
  const pitch = n + 2;
  let dot = 0;
  for (let y = 1; y <= rows; y++) {
    for (let at = y * pitch + 1, end = at + n; at < end; at++) {
      const value = 4 * from[at]! - from[at - 1]! - from[at + 1]! - from[at - pitch]! - from[at + pitch]!;
      to[at] = value;
      dot += value * from[at]!;
    }
  }
  return dot;
}

/** u += alpha p, r -= alpha q; returns r . r. */
function advance(u: Float64Array, r: Float64Array, p: Float64Array, q: Float64Array, alpha: number): number {
  let dot = 0;
  for (let i = 0; i < u.length; i++) {
    u[i]! += alpha * p[i]!;
    const value = r[i]! - alpha * q[i]!;
    r[i] = value;
    dot += value * value;
  }
  return dot;
}

/** p = r + beta p. */
function turn(p: Float64Array, r: Float64Array, beta: number): void {
  for (let i = 0; i < p.length; i++) p[i] = r[i]! + beta * p[i]!;
}

await using world = await init();
const { rank, size } = world;
const n = Number(process.argv[2]);
const [y0, y1] = [Math.floor((n * rank) / size), Math.floor((n * (rank + 1)) / size)];
const [rows, pitch, h] = [y1 - y0, n + 2, 1 / (n + 1)];
const [up, down] = [rank > 0 ? rank - 1 : null, rank + 1 < size ? rank + 1 : null];
const field = (): Float64Array => new Float64Array(pitch * (rows + 2));
const [u, r, p, q] = [field(), field(), field(), field()];
const row = (of: Float64Array, y: number): Float64Array => of.subarray(y * pitch, (y + 1) * pitch);

async function exchange(of: Float64Array): Promise<void> {
  await Promise.all([
    world.sendrecv(row(of, rows), { dest: down, source: up, tag: 1, into: row(of, 0) }),
    world.sendrecv(row(of, 1), { dest: up, source: down, tag: 2, into: row(of, rows + 1) }),
  ]);
}

/** Calls with each inner point of this rank: its index, and the solution there. */
function eachPoint(visit: (at: number, exact: number) => void): void {
  for (let y = 1; y <= rows; y++) {
    const ofRow = Math.sin(2 * Math.PI * h * (y0 + y));
    for (let x = 1; x <= n; x++) visit(y * pitch + x, Math.sin(Math.PI * h * x) * ofRow);
  }
}

// The same start for any number of ranks.
const a = 5 ** 13;
const sequence = new Sequence(times(powerOf(a, n * y0), 314159265), a);
eachPoint((at) => {
  u[at] = sequence.next();
});
await exchange(u);
apply(u, q, n, rows);
let local = 0;
eachPoint((at, exact) => {
  r[at] = h * h * 5 * Math.PI ** 2 * exact - q[at]!;
  local += r[at]! ** 2;
});
p.set(r);
let rho = await world.allreduce(local, sum);
const target = rho * 1e-20;
let steps = 0;
await world.barrier();
const start = performance.now();
while (rho > target && steps < 20 * n) {
  await exchange(p);
  const alpha = rho / (await world.allreduce(apply(p, q, n, rows), sum));
  const before = rho;
  rho = await world.allreduce(advance(u, r, p, q, alpha), sum);
  turn(p, r, rho / before);
  steps++;
}
const ms = await world.allreduce(performance.now() - start, max);

let [error, largest] = [0, 0];
eachPoint((at, exact) => {
  error = Math.max(error, Math.abs(u[at]! - exact));
  largest = Math.max(largest, Math.abs(exact));
});
[error, largest] = [await world.allreduce(error, max), await world.allreduce(largest, max)];
// Of u = sin(a x) sin(b y) the five points give 4/h^2 (sin^2(a h/2) + sin^2(b h/2)) instead of a^2 + b^2.
const discrete = (4 / (h * h)) * (Math.sin((Math.PI * h) / 2) ** 2 + Math.sin(Math.PI * h) ** 2);
const expected = ((5 * Math.PI ** 2) / discrete - 1) * largest;
if (rho > target || Math.abs(error - expected) >= 0.01 * expected) {
  throw new Error(`wrong solution: error ${error} instead of ${expected} after ${steps} steps`);
}
if (rank === 0) report(`CG ${n}^2, a step (us)`, (ms * 1000) / steps);
