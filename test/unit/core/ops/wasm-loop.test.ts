import { describe, expect, test } from "vitest";
import type { TypedArray } from "../../../../packages/core/src/calls/typed-array.ts";
import { kernelFor, type Pair } from "../../../../packages/core/src/ops/kernel.ts";
import * as ops from "../../../../packages/core/src/ops/op.ts";
import { combineInWasm } from "../../../../packages/core/src/ops/wasm-loop.ts";
import { Random } from "../../../support/random.ts";

const kinds = [
  Int8Array,
  Uint8Array,
  Int16Array,
  Uint16Array,
  Int32Array,
  Uint32Array,
  Float32Array,
  Float64Array,
  BigInt64Array,
  BigUint64Array,
];
const { sum, prod, min, max, land, lor, lxor, band, bor, bxor } = ops;
const operations = { sum, prod, min, max, land, lor, lxor, band, bor, bxor };
const odd = [0, -0, 1, -1, 2, 127, 128, 255, 256, 32767, 65535, 65536, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1, 1e300];
const nowhere = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 5e-324, 0.1];

/** Elements of all sorts: awkward ones and random ones. */
function draw(random: Random, Kind: (typeof kinds)[number], length: number): TypedArray {
  const array = new Kind(length) as unknown as { [index: number]: unknown };
  const isBig = Kind.name.startsWith("Big");
  const whole = Kind.name.startsWith("Float") ? [...odd, ...nowhere] : odd;
  for (let i = 0; i < length; i++) {
    const number = random.between(0, 1) === 0 ? random.pick(whole) : random.between(-(2 ** 31), 2 ** 31);
    array[i] = isBig ? BigInt(Math.trunc(Math.min(number, 2 ** 62))) * BigInt(random.between(-9, 9)) : number;
  }
  return array as unknown as TypedArray;
}

describe.each(Object.entries(operations))("%s in WebAssembly gives the bits that JavaScript gives", (_name, op) => {
  const rule = ops.ruleOf(op as ops.Op<never>);
  const suited = kinds.filter(({ name }) => !(rule.integral && name.startsWith("Float")));
  test.each(suited.map((Kind) => [Kind.name, Kind] as const))("for %s", (name, Kind) => {
    const random = new Random(1);
    const element = (
      name.startsWith("Big")
        ? rule.bigint
        : name.endsWith("32Array") && !name.startsWith("Float")
          ? (rule.int32 ?? rule.number)
          : rule.number
    ) as Pair;
    // Shorter than a vector at the end, and longer than a block.
    for (const length of [512, 515, 1001, 20_003]) {
      const [a, b] = [draw(random, Kind, length), draw(random, Kind, length)];
      const [expected, result] = [new Kind(length), new Kind(length)];
      kernelFor(a, element)(expected as never, a as never, b as never, element);
      expect(combineInWasm(rule.loop as number, result, a, b)).toBe(true);
      const bits = (array: TypedArray) => Buffer.from(array.buffer as ArrayBuffer);
      const differs = bits(result).findIndex((byte, i) => byte !== bits(expected)[i]);
      const at = Math.floor(differs / Kind.BYTES_PER_ELEMENT);
      if (differs >= 0 && !(Number.isNaN(result[at]) && Number.isNaN(expected[at])))
        expect.fail(`element ${at} of ${a[at]} and ${b[at]} is ${result[at]}, not ${expected[at]}`);
      combineInWasm(rule.loop as number, a, a, b); // in place
      expect(Buffer.compare(bits(a), bits(result))).toBe(0);
    }
  });
});

test("arrays that are short, or of a kind that WebAssembly has not, are left to JavaScript", () => {
  expect(combineInWasm(0, new Float64Array(8), new Float64Array(8), new Float64Array(8))).toBe(false);
  const clamped = new Uint8ClampedArray(1000);
  expect(combineInWasm(0, clamped, clamped, clamped)).toBe(false);
});
