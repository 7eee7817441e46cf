import { deepStrictEqual as same } from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { describe, expect, expectTypeOf, test } from "vitest";
import type { TypedArray } from "../../../../packages/core/src/calls/typed-array.ts";
import { apply, applyInto, check } from "../../../../packages/core/src/ops/apply.ts";
import * as ops from "../../../../packages/core/src/ops/op.ts";
import {
  asOp,
  band,
  bor,
  bxor,
  createOp,
  type ElementOf,
  land,
  lor,
  lxor,
  max,
  maxloc,
  min,
  minloc,
  type Op,
  prod,
  type Reducer,
  sum,
} from "../../../../packages/core/src/ops/op.ts";

const integers = [Int8Array, Uint8Array, Uint8ClampedArray, Int16Array, Uint16Array, Int32Array, Uint32Array];
const floats = [Float32Array, Float64Array];
const bigs = [BigInt64Array, BigUint64Array];
const half = (globalThis as { Float16Array?: Float64ArrayConstructor }).Float16Array;
if (half !== undefined) floats.push(half);

const arithmetic: [Op<never>, (a: number, b: number) => number][] = [
  [sum, (a, b) => a + b],
  [prod, (a, b) => a * b],
  [min, Math.min],
  [max, Math.max],
  [land, (a, b) => Number(a !== 0 && b !== 0)],
  [lor, (a, b) => Number(a !== 0 || b !== 0)],
  [lxor, (a, b) => Number((a !== 0) !== (b !== 0))],
];
const bitwise: [Op<never>, (a: bigint, b: bigint) => bigint][] = [
  [band, (a, b) => a & b],
  [bor, (a, b) => a | b],
  [bxor, (a, b) => a ^ b],
];

describe("typed arrays", () => {
  const left = [0, 1, 2, 7, 100, 127];
  const right = [5, 0, 3, 6, 100, 126];

  test.each([...integers, ...floats])("%o: arithmetic and logic element by element", (Kind) => {
    const [a, b] = [Kind.from(left), Kind.from(right)];
    for (const [op, expected] of arithmetic) {
      same(apply(op, a, b), Kind.from(left.map((x, i) => expected(x, right[i] as number))), op.name);
    }
  });

  test.each(integers)("%o: bits element by element", (Kind) => {
    const [a, b] = [Kind.from(left), Kind.from(right)];
    for (const [op, expected] of bitwise) {
      same(
        apply(op, a, b),
        Kind.from(left.map((x, i) => Number(expected(BigInt(x), BigInt(right[i] as number))))),
        op.name,
      );
    }
  });

  test.each(bigs)("%o: everything element by element", (Kind) => {
    const [x, y] = [left.map(BigInt), right.map(BigInt)];
    const [a, b] = [Kind.from(x), Kind.from(y)];
    for (const [op, expected] of bitwise)
      same(apply(op, a, b), Kind.from(x.map((v, i) => expected(v, y[i] as bigint))));
    for (const [op, expected] of arithmetic) {
      same(apply(op, a, b), Kind.from(left.map((v, i) => BigInt(expected(v, right[i] as number)))));
    }
  });

  test("integers wrap as their type does", () => {
    same(apply(sum, Uint8Array.of(200), Uint8Array.of(100)), Uint8Array.of(44));
    same(apply(sum, Uint8ClampedArray.of(200), Uint8ClampedArray.of(100)), Uint8ClampedArray.of(255));
    same(apply(sum, Int16Array.of(32767), Int16Array.of(1)), Int16Array.of(-32768));
    same(apply(prod, Int32Array.of(0x7fffffff), Int32Array.of(0x7fffffff)), Int32Array.of(1));
    same(apply(prod, Uint32Array.of(0xffffffff), Uint32Array.of(0xffffffff)), Uint32Array.of(1));
    same(apply(sum, BigInt64Array.of(2n ** 63n - 1n), BigInt64Array.of(1n)), BigInt64Array.of(-(2n ** 63n)));
    same(apply(prod, BigUint64Array.of(2n ** 63n), BigUint64Array.of(2n)), BigUint64Array.of(0n));
  });

  test("NaN is both the minimum and the maximum", () => {
    for (const op of [min, max]) {
      expect(apply(op, Float64Array.of(NaN, 1), Float64Array.of(1, NaN))).toEqual(Float64Array.of(NaN, NaN));
      expect(apply(op, NaN, 1)).toBeNaN();
    }
  });

  test("a Buffer stays a Buffer", () => {
    const result = apply(bor, Buffer.from([1]), Buffer.from([6]));
    expect(Buffer.isBuffer(result)).toBe(true);
    same(result, Buffer.from([7]));
  });

  test("a function is applied to the elements", () => {
    const subtract = createOp<Float64Array>((a, b) => a - b);
    same(apply(subtract, Float64Array.of(5, 6), Float64Array.of(1, 2)), Float64Array.of(4, 4));
    const shift = createOp<BigInt64Array>((a, b) => a << b);
    same(apply(shift, BigInt64Array.of(1n), BigInt64Array.of(3n)), BigInt64Array.of(8n));
  });

  test("applyInto combines into the accumulator, which may be either operand", () => {
    const subtract = createOp<Float64Array>((a, b) => a - b);
    for (const [order, expected] of [
      ["first", 3],
      ["second", -3],
    ] as const) {
      const accumulator = Float64Array.of(5);
      expect(applyInto(subtract, accumulator, Float64Array.of(2), order)).toBe(accumulator);
      same(accumulator, Float64Array.of(expected));
    }
  });

  test("the loops work where code cannot be compiled from strings", () => {
    const at = (file: string): string => new URL(`../../packages/core/src/${file}`, import.meta.url).href;
    const script = `import { apply } from ${JSON.stringify(at("apply.ts"))}; import { sum, prod } from ${JSON.stringify(at("op.ts"))};
      console.log(apply(sum, Int8Array.of(100), Int8Array.of(100))[0], apply(prod, Int32Array.of(2 ** 30), Int32Array.of(6))[0]);`;
    // Node 20 cannot run TypeScript by itself; where it can, this shows the slow loop.
    if (!(process.features as { typescript?: unknown }).typescript) return;
    const out = execFileSync(process.execPath, [
      "--disallow-code-generation-from-strings",
      "--input-type=module",
      "-e",
      script,
    ]);
    expect(out.toString().trim()).toBe("-56 -2147483648");
  });
});

describe("other values", () => {
  test("numbers, bigints and booleans", () => {
    expect(apply(sum, 2, 3)).toBe(5);
    expect(apply(prod, 2n, 3n)).toBe(6n);
    expect(apply(band, 6, 3)).toBe(2);
    expect(apply(bxor, 6n, 3n)).toBe(5n);
    expect(apply(land, true, false)).toBe(false);
    expect(apply(lor, true, false)).toBe(true);
    expect(apply(lxor, true, true)).toBe(false);
    expect(apply(land, 2, 3)).toBe(1);
    expect(apply(lxor, 2n, 3n)).toBe(0n);
  });

  test("arrays of these, nested too, element by element into a new array", () => {
    const a = [1, 2n, [3, Float64Array.of(4)]];
    const result = apply(sum, a, [10, 20n, [30, Float64Array.of(40)]]);
    same(result, [11, 22n, [33, Float64Array.of(44)]]);
    same(a, [1, 2n, [3, Float64Array.of(4)]]);
  });

  test("minloc and maxloc: the smallest or largest value, of equal ones the lowest index", () => {
    expect(apply(minloc, [3, 1], [2, 5])).toEqual([2, 5]);
    expect(apply(maxloc, [3, 1], [2, 5])).toEqual([3, 1]);
    for (const op of [minloc, maxloc]) {
      expect(apply(op, [3, 7], [3, 5])).toEqual([3, 5]);
      expect(apply(op, [NaN, 1], [3, 0])).toEqual([NaN, 1]);
      expect(apply(op, [NaN, 1], [NaN, 0])).toEqual([NaN, 0]);
    }
    expect(apply(minloc, { value: 2n, index: 4 }, { value: 1n, index: 9 })).toEqual({ value: 1n, index: 9 });
    expect(
      apply(
        maxloc,
        [
          [1, 0],
          [5, 1],
        ],
        [
          [2, 8],
          [4, 9],
        ],
      ),
    ).toEqual([
      [2, 8],
      [5, 1],
    ]);
  });

  test("a function gets other values as a whole", () => {
    const join = createOp<string[]>((a, b) => [...a, ...b]);
    expect(apply(join, ["a"], ["b", "c"])).toEqual(["a", "b", "c"]);
  });
});

describe("refusals", () => {
  test("different lengths or types are a mismatch that names both", () => {
    const cases: [unknown, unknown, RegExp][] = [
      [new Float64Array(10), new Float64Array(12), /Float64Array\(10\) and Float64Array\(12\)/],
      [new Float64Array(10), new Float32Array(10), /Float64Array\(10\) and Float32Array\(10\)/],
      [[1, 2], [1], /array\(2\) and array\(1\)/],
      [[[1], 2], [[1n], 2], /number 1 and bigint 1n at \[0\]\[0\]/],
      [1, new Int8Array(1), /number 1 and Int8Array\(1\)/],
    ];
    for (const [a, b, message] of cases) {
      expect(() => apply(sum, a, b)).toThrow(
        expect.objectContaining({ code: "mismatch", message: expect.stringMatching(message) }),
      );
      expect(() => applyInto(sum, b, a, "second")).toThrow(message);
    }
    const add = createOp<Float64Array>((a, b) => a + b);
    expect(() => apply(add, new Float64Array(1), new Float64Array(2))).toThrow(/mismatch|Float64Array\(2\)/);
  });

  test("a value that an operation cannot take is named with its path", () => {
    const cases: [Op<never>, unknown, RegExp][] = [
      [sum, "a", /sum takes numbers, .*; the value is a string/],
      [sum, true, /boolean true/],
      [sum, [1, [2, null]], /the value at \[1\]\[1\] is null/],
      [band, 1.5, /integers of 32 bits/],
      [band, 2 ** 40, /integers of 32 bits/],
      [bor, Float64Array.of(1), /Float64Array\(1\)/],
      [minloc, 3, /\[value, index\]/],
      [maxloc, Float64Array.of(1, 2), /Float64Array\(2\)/],
      [land, "", /a string/],
    ];
    for (const [op, value, message] of cases) {
      expect(() => check(op, value)).toThrow(
        expect.objectContaining({ code: "invalid-argument", message: expect.stringMatching(message) }),
      );
    }
    for (const fine of [0xffffffff, -1, 3n, [1, 2]]) check(band, fine);
    check(
      createOp((a) => a),
      Symbol("anything"),
    );
  });

  test("anything that is no operation", () => {
    for (const wrong of [undefined, null, "sum", {}, { name: "sum", commutative: true }]) {
      expect(() => asOp(wrong as never)).toThrow(expect.objectContaining({ code: "invalid-argument" }));
    }
  });
});

describe("operations", () => {
  test("the built-in ones are frozen, commutative and named as they are exported", () => {
    for (const name of [
      "sum",
      "prod",
      "min",
      "max",
      "minloc",
      "maxloc",
      "land",
      "lor",
      "lxor",
      "band",
      "bor",
      "bxor",
    ] as const) {
      expect(ops[name]).toMatchObject({ name, commutative: true, builtIn: true });
      expect(Object.isFrozen(ops[name])).toBe(true);
    }
  });

  test("a function is not commutative by default", () => {
    expect(asOp<number>((a, b) => a + b)).toMatchObject({ commutative: false, builtIn: false });
    expect(createOp<number>((a, b) => a + b, { commutative: true, name: "add" })).toMatchObject({
      commutative: true,
      name: "add",
    });
  });
});

test("TypeScript knows what an operation takes", () => {
  const reduce = <T>(value: T, _op: Reducer<T>): T => value;
  reduce(1, sum);
  reduce(new Float64Array(1), sum);
  reduce([1, 2], max);
  reduce(true, land);
  reduce([0.5, 3], minloc);
  reduce({ value: 1, index: 2 }, maxloc);
  reduce("a", (a, b) => a + b);
  reduce(1, (a: number, b: number) => a + b);
  reduce("low" as "low" | "high", (a: "low" | "high", b: "low" | "high") => (a === "high" ? a : b));
  // @ts-expect-error sum takes no strings
  reduce("a", sum);
  // @ts-expect-error nor booleans
  reduce(true, sum);
  // @ts-expect-error bits are of integers
  reduce(new Float64Array(1), band);
  // @ts-expect-error a place has an index
  reduce({ value: 1 }, minloc);
  // @ts-expect-error the elements are bigints
  reduce(new BigInt64Array(1), (a: number, b: number) => a + b);
  expectTypeOf(reduce(1, sum)).toEqualTypeOf<number>();
  expectTypeOf(reduce(new Int8Array(1), (a, b) => a + b)).toEqualTypeOf<Int8Array<ArrayBuffer>>();
  expectTypeOf<ElementOf<Float32Array>>().toEqualTypeOf<number>();
  expectTypeOf<ElementOf<BigUint64Array>>().toEqualTypeOf<bigint>();
  expectTypeOf<ElementOf<string>>().toEqualTypeOf<string>();
  expectTypeOf<Float64Array>().toExtend<TypedArray>();
});
