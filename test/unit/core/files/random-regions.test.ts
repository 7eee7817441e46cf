import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { block, type Region } from "tsmpi";
import { local } from "tsmpi/testing";
import { afterAll, beforeAll, expect, it } from "vitest";
import { Random } from "../../../support/random.ts";

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), "tsmpi-files-"));
});
afterAll(() => rmSync(directory, { recursive: true }));

/** What a rank does: a region of the file's grid, and a region of its own memory of the same extents. */
interface Turn {
  offset: number;
  view: Required<{ [K in keyof Region]: number[] }>;
  memory: { shape: number[]; start: number[]; size: number[] };
}

/** The grid of the file is shared out in slabs of its last dimension, so that ranks never write the same elements. */
function draw(random: Random, rank: number, size: number): Turn[] {
  const dimensions = random.between(1, 3);
  const each = random.between(1, 6);
  const shape = [...Array.from({ length: dimensions - 1 }, () => random.between(1, 40)), each * size];
  const offset = random.between(0, 3) === 0 ? random.between(0, 100) : 8 * random.between(0, 9);
  return Array.from({ length: size }, (_, r) => {
    const first = shape.map((extent, i) => (i === dimensions - 1 ? each * r : random.between(0, extent - 1)));
    const stride = shape.map(() => random.between(1, 2));
    const most = shape.map((extent, i) => {
      const end = i === dimensions - 1 ? each * (r + 1) : extent;
      return Math.ceil((end - (first[i] as number)) / (stride[i] as number));
    });
    const counts = most.map((count) => random.between(random.between(0, 8) === 0 ? 0 : 1, count));
    return {
      offset,
      view: { shape, start: first, size: counts, stride },
      memory: { shape: counts.map((count) => count + 2), start: counts.map(() => random.between(0, 2)), size: counts },
    };
  }).filter((_, r) => r === rank || rank < 0);
}

const kinds = [Float64Array, Int32Array, Uint8Array, BigInt64Array, Int16Array] as const;

it.each([1, 2, 3, 4, 7, 8])(
  "what %i ranks write anywhere is what a model has, and what they read back",
  async (size) => {
    for (let seed = 1; seed <= 40; seed++) {
      const Kind = new Random(seed).pick(kinds);
      const path = join(directory, `${size}-${seed}`);
      const cast = (value: number): never => (Kind === BigInt64Array ? BigInt(value) : value) as never;
      const ranksPerHost = new Random(seed).between(1, size);
      const turns = draw(new Random(1000 * size + seed), -1, size);
      await local(
        size,
        async (world) => {
          const { offset, view, memory } = turns[world.rank] as Turn;
          const file = await world.openFile(path, { flags: "w+", durable: false });
          const grid = new Kind(memory.shape.reduce((a, b) => a * b, 1));
          for (let i = 0; i < grid.length; i++) grid[i] = cast((31 * world.rank + i) % 120);
          const mine = block(grid, memory);
          await (seed % 3 === 0 ? file.writeAt(mine, { offset, view }) : file.writeAtAll(mine, { offset, view }));
          await world.barrier();
          const into = block(new Kind(grid.length), memory);
          const isSome = mine.length > 0;
          if (seed % 2 === 0) await file.readAtAll({ offset, view, into });
          else if (isSome) await file.readAt({ offset, view, into });
          expect(into.toArray(), `seed ${seed}`).toEqual(mine.toArray());
          await file.close();
        },
        { ranksPerHost, seed },
      );
      // The model: a loop over the elements, in memory.
      const bytes = new Uint8Array(readFileSync(path)).slice();
      const expected = new Uint8Array(bytes.length);
      const size1 = Kind.BYTES_PER_ELEMENT;
      for (const [rank, { offset, view, memory }] of turns.entries()) {
        const grid = new Kind(memory.shape.reduce((a, b) => a * b, 1));
        for (let i = 0; i < grid.length; i++) grid[i] = cast((31 * rank + i) % 120);
        const values = new Uint8Array(block(grid, memory).toArray().buffer);
        const places = new Float64Array(view.shape.reduce((a, b) => a * b, 1)).map((_, i) => i);
        for (const [i, place] of block(places, view).toArray().entries()) {
          expected.set(values.subarray(i * size1, (i + 1) * size1), offset + place * size1);
        }
      }
      expect(Buffer.from(bytes).equals(Buffer.from(expected)), `seed ${seed}`).toBe(true);
    }
  },
);
