// The Mandelbrot set as a picture that all ranks write into one file: every rank has every n-th row, and writes them all in one call.
// No rank ever has the whole picture, so it may be larger than the memory of a host.
//
//     tsmpi run -n 8 mandelbrot-file.ts                    mandelbrot.pgm, 1200 x 800, for any viewer of pictures
//     tsmpi run -n 8 mandelbrot-file.ts set.pgm 30000      600 MB
import { init } from "tsmpi";

const iterations = 400;

/** How dark the point is, from 0 (in the set) to 255. */
function shade(cx: number, cy: number): number {
  let x = 0;
  let y = 0;
  for (let i = 0; i < iterations; i++) {
    const [xx, yy] = [x * x, y * y];
    if (xx + yy > 4) return Math.round(255 * (1 - i / iterations) ** 8);
    y = 2 * x * y + cy;
    x = xx - yy + cx;
  }
  return 0;
}

await using world = await init();
const [file = "mandelbrot.pgm", given = "1200"] = process.argv.slice(2);
const width = Number(given);
const height = Math.round((width * 2) / 3);

const rows = Math.max(0, Math.ceil((height - world.rank) / world.size));
const mine = new Uint8Array(rows * width);
for (let i = 0; i < rows; i++) {
  const cy = 1 - (2 * (world.rank + i * world.size)) / height;
  for (let j = 0; j < width; j++) mine[i * width + j] = shade((3 * j) / width - 2, cy);
}

const header = `P5 ${width} ${height} 255\n`;
await using picture = await world.openFile(file, { flags: "w" });
await picture.writeAtAll(world.rank === 0 ? header : "", { offset: 0 });
const view = { shape: [height, width], start: [world.rank, 0], size: [rows, width], stride: [world.size, 1] };
await picture.writeAtAll(mine, { offset: header.length, view });
await picture.close();
if (world.rank === 0) console.log(`${file}: ${width} x ${height}, written by ${world.size} ranks`);
