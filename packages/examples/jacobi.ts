// Heat in a square plate with one hot edge, by Jacobi's method: in each sweep every point becomes the mean of its four
// neighbours. Every rank has some rows, and before each sweep neighbouring ranks exchange their border rows:
//
//            hot edge
//     rank 0   ┆ ghost: the plate's edge, or the last row of the rank above
//              │ rows of rank 0
//              ┆ ghost: first row of rank 1
//     rank 1   ┆ ghost: last row of rank 0
//              │ rows of rank 1
//              ┆ ...
import { init, max, range, sum } from "tsmpi";

const points = 64; // in each direction, without the edges
const width = points + 2;
const hot = 100;
const sweeps = 500;

/** One sweep over the rows 1 to `rows` of `grid` into `next`. Returns the largest change of a point. */
function sweepOnce(grid: Float64Array, next: Float64Array, rows: number): number {
  let change = 0;
  for (let i = 1; i <= rows; i++) {
    for (let at = i * width + 1; at <= i * width + points; at++) {
      next[at] = (grid[at - width]! + grid[at - 1]! + grid[at + 1]! + grid[at + width]!) / 4;
      change = Math.max(change, Math.abs(next[at]! - grid[at]!));
    }
  }
  return change;
}

await using world = await init();
if (world.size > points) await world.abort({ code: 2, reason: `${points} rows are too few for ${world.size} ranks` });

const rows = range(points, world).length; // of this rank
let grid = new Float64Array((rows + 2) * width);
let next = new Float64Array(grid.length);
const row = (i: number): Float64Array => grid.subarray(i * width, (i + 1) * width);
if (world.rank === 0) {
  row(0).fill(hot);
  next.set(row(0));
}

// At the upper and lower edge of the plate there is no neighbour: what is sent to null goes nowhere, and from null
// comes undefined.
const above = world.rank > 0 ? world.rank - 1 : null;
const below = world.rank < world.size - 1 ? world.rank + 1 : null;

for (let sweep = 1; sweep <= sweeps; sweep++) {
  // Sending and receiving at once, in both directions at once: nobody waits for a neighbour to begin.
  const [fromBelow, fromAbove] = await Promise.all([
    world.sendrecv<Float64Array | undefined>(row(1), { dest: above, source: below }),
    world.sendrecv<Float64Array | undefined>(row(rows), { dest: below, source: above }),
  ]);
  if (fromBelow) row(rows + 1).set(fromBelow);
  if (fromAbove) row(0).set(fromAbove);

  const change = sweepOnce(grid, next, rows);
  [grid, next] = [next, grid];

  if (sweep % 100 === 0) {
    const residual = await world.reduce(change, max); // the largest change anywhere
    if (residual !== undefined) console.log(`sweep ${sweep}: residual ${residual.toFixed(6)}`);
  }
}

let heat = 0;
for (let i = 1; i <= rows; i++)
  heat += row(i)
    .subarray(1, points + 1)
    .reduce((total, t) => total + t);
const mean = await world.reduce(heat / points ** 2, sum);
if (mean !== undefined) console.log(`mean temperature ${mean.toFixed(4)}`);
