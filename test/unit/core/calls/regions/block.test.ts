import { describe, expect, it } from "vitest";
import { type ArrayBlock, Block, block } from "../../../../../packages/core/src/calls/regions/block.ts";
import { Layout } from "../../../../../packages/core/src/calls/regions/layout.ts";
import { Random } from "../../../../support/random.ts";

interface Drawn {
  shape: number[];
  start: number[];
  size: number[];
  stride: number[];
}

/** Where the elements of a region lie, by the definition: a loop over each dimension. */
function places({ shape, start, size, stride }: Drawn): number[] {
  const result: number[] = [];
  const visit = (dimension: number, at: number): void => {
    if (dimension === shape.length) {
      result.push(at);
      return;
    }
    for (let i = 0; i < (size[dimension] as number); i++) {
      visit(
        dimension + 1,
        at * (shape[dimension] as number) + (start[dimension] as number) + i * (stride[dimension] as number),
      );
    }
  };
  visit(0, 0);
  return result;
}

function draw(random: Random): Drawn {
  const shape = Array.from({ length: random.between(1, 4) }, () => random.between(1, 6));
  const start = shape.map((extent) => random.between(0, extent - 1));
  const stride = shape.map(() => random.between(1, 3));
  const most = shape.map((extent, i) => Math.ceil((extent - (start[i] as number)) / (stride[i] as number)));
  const size = most.map((count) => random.between(random.between(0, 9) === 0 ? 0 : 1, count));
  return { shape, start, size, stride };
}

const kinds = [Int8Array, Uint8ClampedArray, Uint16Array, Int32Array, Float32Array, Float64Array, BigInt64Array];

describe("a block", () => {
  it("has the elements that a loop over each dimension finds, for any region and kind", () => {
    const random = new Random(30);
    for (let turn = 0; turn < 700; turn++) {
      const region = draw(random);
      const Kind = random.pick(kinds);
      const length = region.shape.reduce((a, b) => a * b, 1) + random.between(0, 3);
      const array = new Kind(length);
      for (let i = 0; i < length; i++) array[i] = (Kind === BigInt64Array ? BigInt(i) : i) as never;
      const here = block(array, region);
      const expected = places(region);
      const shown = JSON.stringify(region);
      expect(Array.from(here.toArray(), Number), shown).toEqual(expected.map((at) => Number(array[at])));
      expect(here.length, shown).toBe(expected.length);

      const until = random.between(0, here.length);
      const from = random.between(0, until);
      const part = new Kind(here.length + 2);
      (here as ArrayBlock).gather(from, until, part, 2);
      expect(Array.from(part.subarray(2, 2 + until - from), Number), shown).toEqual(
        expected.slice(from, until).map((at) => Number(array[at])),
      );

      const target = block(new Kind(length), region);
      (target as ArrayBlock).scatter(from, until, part, 2);
      const filled = new Array(length).fill(0);
      for (const at of expected.slice(from, until)) filled[at] = Number(array[at]);
      expect(Array.from(target.array, Number), shown).toEqual(filled);
    }
  });

  it("keeps every bit of a NaN and of 64-bit integers", () => {
    const bits = BigUint64Array.of(0x7ff0000000000001n, 5n, 0xfff8dead_beef0001n, 7n);
    const column = { shape: [2, 2], size: [2, 1] };
    expect(block(bits, column).toArray()).toEqual(BigUint64Array.of(bits[0] as bigint, bits[2] as bigint));
  });

  it("finds whether two regions have an element in common, wherever their arrays begin", () => {
    const random = new Random(31);
    let met = 0;
    for (let turn = 0; turn < 500; turn++) {
      const [one, other, shift] = [draw(random), draw(random), random.between(-5, 5)];
      const mine = new Set(places(one).map((at) => at + shift));
      const expected = places(other).some((at) => mine.has(at));
      if (expected) met++;
      expect(new Layout(one).meets(new Layout(other), shift), JSON.stringify({ one, other, shift })).toBe(expected);
    }
    expect(met).toBeGreaterThan(20);
  });

  it("takes what is left out to mean all", () => {
    const array = Int32Array.from({ length: 6 }, (_, i) => i);
    expect(block(array, { shape: [2, 3] }).toArray()).toEqual(array);
    expect(block(array, { shape: [2, 3], start: [0, 1] }).toArray()).toEqual(Int32Array.of(1, 2, 4, 5));
    expect(block(array, { shape: [6], start: [1], stride: [2] }).toArray()).toEqual(Int32Array.of(1, 3, 5));
  });

  it("is set from an array or a block, also one that overlaps it", () => {
    const array = Int32Array.from({ length: 6 }, (_, i) => i);
    block(array, { shape: [6], start: [1] }).set(block(array, { shape: [6], size: [5] }));
    expect(array).toEqual(Int32Array.of(0, 0, 1, 2, 3, 4));
    block(array, { shape: [6], start: [1] }).set(array.subarray(0, 5));
    expect(array).toEqual(Int32Array.of(0, 0, 0, 1, 2, 3));
    block(array, { shape: [3, 2], size: [3, 1] }).fill(9);
    expect(array).toEqual(Int32Array.of(9, 0, 9, 1, 9, 3));
    expect(() => block(array, { shape: [2] }).set(Int32Array.of(1))).toThrow(
      "this block has 2 elements of a Int32Array",
    );
    expect(block(array, { shape: [1] })).toBeInstanceOf(Block);
    expect(array).not.toBeInstanceOf(Block);
  });

  it.each([
    [
      { shape: [4, 6], start: [1, 5], size: [2, 3] },
      "dimension 1 of the shape [4, 6] has 6 elements, but the region takes 3 from 5 on, up to 8",
    ],
    [{ shape: [8], size: [5], stride: [2] }, "the region takes 5 from 0 on with stride 2, up to 9"],
    [{ shape: [4, 7] }, "the shape [4, 7] has 28 elements, but the array has 24"],
    [{ shape: [4, 6], start: [1] }, "start has 1 entries, but shape has 2"],
    [{ shape: [4, 6], start: [1, -1] }, "start is [1, -1], but its entries are whole numbers from 0 on"],
    [{ shape: [4, 6], stride: [1, 0] }, "stride is [1, 0], but its entries are whole numbers from 1 on"],
    [{ shape: [] }, "shape is empty"],
    [{ shape: 24 as never }, "shape is 24, but it is a list of numbers"],
    [{ shape: [24], count: 3 } as never, "there is no option count; a region has shape, start, size, stride"],
  ])("refuses %j", (region, message) => {
    expect(() => block(new Float64Array(24), region)).toThrow(message);
  });

  it("refuses what is no typed array, and an array whose memory is gone", () => {
    expect(() => block([1, 2] as never, { shape: [2] })).toThrow("a block is a region of a typed array");
    const array = new Float64Array(4);
    const here = block(array, { shape: [4] });
    structuredClone(array.buffer, { transfer: [array.buffer] });
    expect(() => here.toArray()).toThrow("the array of this block has 0 elements by now");
  });
});
