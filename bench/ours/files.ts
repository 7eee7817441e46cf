import { mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { init, type Region } from "tsmpi";
import { report } from "./report.ts";

/**
 * A file of 1 GiB of doubles, written and read by all ranks: in one piece each, and as a checkerboard of blocks of 64 x 64. Seconds, and
 * the same rows as `peers/mpi4py/files.py`. The argument is a directory.
 */
const world = await init();
const parent = process.argv[2] ?? "/tmp";
const directory = await world.bcast(() => mkdtempSync(join(parent, "tsmpi-bench-")));
const side = 11_584; // a multiple of 64; 1.07e9 bytes
const tile = 64;

async function time(body: () => Promise<void>): Promise<number> {
  await world.barrier();
  const began = performance.now();
  await body();
  await world.barrier();
  return (performance.now() - began) / 1000;
}

const rows = Math.floor(side / world.size);
const mine = new Float64Array(rows * side).fill(world.rank);
const offset = world.rank * mine.byteLength;
const path = join(directory, "file");
const options = { flags: "w+", durable: false } as const;
{
  await using file = await world.openFile(path, options);
  const written = await time(() => file.writeAtAll(mine, { offset }));
  const read = await time(async () => void (await file.readAtAll({ offset, into: mine })));
  if (world.rank === 0) {
    report("1 GiB, contiguous, write (s)", written);
    report("1 GiB, contiguous, read (s)", read);
  }
}
{
  await using file = await world.openFile(path, options);
  const turn = 16; // rows of tiles in a call
  const call = async (body: (view: Region, part: Float64Array) => Promise<unknown>): Promise<void> => {
    for (let row = 0; row + turn <= side / tile; row += turn) {
      const first = world.rank;
      const count = Math.ceil((side / tile - first) / world.size);
      const view = {
        shape: [side, side / tile, tile],
        start: [row * tile, first, 0],
        size: [turn * tile, count, tile],
        stride: [1, world.size, 1],
      };
      const length = turn * tile * count * tile;
      await body(view, mine.subarray(0, length));
    }
  };
  const written = await time(() => call((view, part) => file.writeAtAll(part, { offset: 0, view })));
  const read = await time(() => call((view, into) => file.readAtAll({ offset: 0, view, into })));
  if (world.rank === 0) {
    report("1 GiB, columns of 64, write (s)", written);
    report("1 GiB, columns of 64, read (s)", read);
  }
}
if (world.rank === 0) rmSync(directory, { recursive: true });
await world.close();
