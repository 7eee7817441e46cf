// Heat that spreads in a plate with a hot left edge and a warm spot. The plate is cut into tiles, one for each rank; before each step
// the ranks exchange the edges of their tiles with their neighbours in one call. The state is a .npy file, which NumPy reads, too.
//
//     tsmpi run -n 8 heat2d.ts                  500 steps; writes heat2d.npy and heat2d.png
//     tsmpi run -n 4 heat2d.ts heat2d resume    500 more, from heat2d.npy, on any number of ranks
import { writeFileSync } from "node:fs";
import { PNG } from "pngjs";
import { block, dims, grid, init, range, readNpy, sum, writeNpy } from "tsmpi";

const [rows, columns] = [240, 360];
const steps = 500;
const conductivity = 0.2; // times the time step, over the square of the distance of two points

/** One step from the inner points of `now` to those of `next`: grids of so many columns, ghosts included. */
function step(now: Float64Array, next: Float64Array, width: number): void {
  const height = now.length / width;
  for (let i = 1; i < height - 1; i++) {
    for (let at = i * width + 1; at < (i + 1) * width - 1; at++) {
      const around = now[at - width]! + now[at + width]! + now[at - 1]! + now[at + 1]!;
      next[at] = now[at]! + conductivity * (around - 4 * now[at]!);
    }
  }
}

/** Blue, white, red: red, green, blue and opacity of a temperature from 0 to 100. */
function colour(temperature: number): number[] {
  const heat = Math.min(1, Math.max(0, temperature / 100));
  return [255 * Math.min(1, 2 * heat), 255 * (1 - Math.abs(2 * heat - 1)), 255 * Math.min(1, 2 - 2 * heat), 255];
}

await using world = await init();
const [name = "heat2d", resume] = process.argv.slice(2);
const plate = await world.cart(dims(world.size, 2)); // ranks in rows and columns, as their tiles
const [i, j] = plate.coords() as [number, number];
const tile = { y: range(rows, plate.dims[0]!, i), x: range(columns, plate.dims[1]!, j) };
const start = [tile.y.start, tile.x.start];
const size = [tile.y.length, tile.x.length];

// A layer of ghosts around the tile: copies of the neighbours' edges, or the plate's own edge.
const width = size[1]! + 2;
const array = (): Float64Array => new Float64Array((size[0]! + 2) * width);
let now = grid(array(), [size[0]! + 2, width], { ghost: 1 });
let next = grid(array(), now.shape, { ghost: 1 });
if (j === 0) for (const each of [now, next]) each.ghost(1, "low").fill(100);

if (resume === "resume") await readNpy(world, `${name}.npy`, { start, size, into: now.interior });
else {
  for (const [y, row] of [...tile.y].entries()) {
    for (const [x, column] of [...tile.x].entries()) {
      const isWarm = Math.hypot(row - rows / 2, column - columns / 2) < rows / 8;
      if (isWarm) now.array[now.index(y + 1, x + 1)] = 80;
    }
  }
}

for (let count = 0; count < steps; count++) {
  await plate.neighborAlltoall(now.edges, { into: now.ghosts });
  step(now.array, next.array, width);
  [now, next] = [next, now];
}

await writeNpy(world, `${name}.npy`, now.interior, { shape: [rows, columns], start });

const heat = await world.reduce(
  now.interior.toArray().reduce((total, each) => total + each),
  sum,
);
const whole = new Float64Array(world.rank === 0 ? rows * columns : 0);
const places = await world.gather({ start, size });
const into = places?.map((place) => block(whole, { shape: [rows, columns], ...place })) ?? [];
await world.gather(now.interior, { into });
if (heat !== undefined) {
  const picture = new PNG({ width: columns, height: rows });
  for (const [point, temperature] of whole.entries()) picture.data.set(colour(temperature), 4 * point);
  writeFileSync(`${name}.png`, PNG.sync.write(picture));
  console.log(`mean temperature ${(heat / rows / columns).toFixed(4)}; ${name}.npy, ${name}.png`);
}
