// The tail of a seahorse, from the edge of the Mandelbrot set: a picture whose rows are shared out over all ranks.
//
//     tsmpi run -n 8 mandelbrot.ts                        mandelbrot.png, 960 x 640
//     tsmpi run -n 8 mandelbrot.ts seahorses.png 1920     another file, another width
import { writeFileSync } from "node:fs";
import { PNG } from "pngjs";
import { init } from "tsmpi";

const view = { x: -0.7435, y: 0.1314, width: 0.0022 };
const iterations = 3000;
const samples = 2; // per pixel and direction, for smooth edges

/** Red, green and blue along one turn of the palette: midnight, blue, white, gold, black. */
const palette = [
  [0, 7, 100],
  [32, 107, 203],
  [237, 255, 255],
  [255, 170, 0],
  [20, 2, 8],
] as const;

/** After how many steps z -> z * z + c leaves for infinity, as a number without jumps; Infinity: it never does. */
function escape(cx: number, cy: number): number {
  let x = 0;
  let y = 0;
  for (let i = 0; i < iterations; i++) {
    const square = x * x + y * y;
    if (square > 1e4) return i + 1 - Math.log2(Math.log2(square) / 2);
    const next = x * x - y * y + cx;
    y = 2 * x * y + cy;
    x = next;
  }
  return Number.POSITIVE_INFINITY;
}

/** One colour of a point: red is 0, green 1, blue 2. */
function shade(steps: number, channel: 0 | 1 | 2): number {
  if (steps === Number.POSITIVE_INFINITY) return 0;
  const turn = (0.9 * Math.log2(Math.max(steps, 1)) + 0.05) % 1;
  const place = turn * palette.length;
  const from = palette[Math.floor(place)]!;
  const to = palette[(Math.floor(place) + 1) % palette.length]!;
  const part = place - Math.floor(place);
  return from[channel] * (1 - part) + to[channel] * part;
}

/** A row of the picture: red, green, blue, opacity of each pixel, a byte each. */
function paintRow(row: number, width: number, height: number): Uint8Array {
  const pixels = new Uint8Array(4 * width).fill(255);
  const step = view.width / width / samples;
  for (let column = 0; column < width; column++) {
    const sums: [number, number, number] = [0, 0, 0];
    for (let i = 0; i < samples * samples; i++) {
      const sx = (column - width / 2) * samples + (i % samples);
      const sy = (row - height / 2) * samples + Math.floor(i / samples);
      const steps = escape(view.x + sx * step, view.y - sy * step);
      for (const channel of [0, 1, 2] as const) sums[channel] += shade(steps, channel);
    }
    const means = sums.map((sum) => sum / samples ** 2);
    pixels.set(means, 4 * column);
  }
  return pixels;
}

await using world = await init();
const [file = "mandelbrot.png", given = "960"] = process.argv.slice(2);
const width = Number(given);
const height = Math.round((width * 2) / 3);

// Rows through the thick of it take longer than others. Dealt out like cards, every rank gets its share of them.
const mine: Uint8Array[] = [];
for (let row = world.rank; row < height; row += world.size) mine.push(paintRow(row, width, height));

const all = await world.gather(mine);
if (all) {
  const picture = new PNG({ width, height });
  for (let row = 0; row < height; row++) {
    const pixels = all[row % world.size]![Math.floor(row / world.size)]!;
    picture.data.set(pixels, 4 * width * row);
  }
  writeFileSync(file, PNG.sync.write(picture));
  console.log(`${file}: ${width} x ${height}, painted by ${world.size} ranks`);
}
