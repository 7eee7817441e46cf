import { checkOptions, knownOptions } from "../calls/check-options.ts";
import { MpiError } from "../calls/errors.ts";
import { shared } from "../calls/package-copies.ts";
import { describe, type IntegerArray, type TypedArray } from "../calls/typed-array.ts";

/** What an operation gets of a value: the elements of a typed array, else the value itself. The literal 1 counts as number. */
export type ElementOf<A> = A extends BigInt64Array | BigUint64Array | bigint
  ? bigint
  : A extends TypedArray | number
    ? number
    : A extends string
      ? string
      : A extends boolean
        ? boolean
        : A;

/** What `sum`, `prod`, `min` and `max` take. */
export type Numeric = number | bigint | TypedArray | readonly Numeric[];
/** What the bitwise operations take. */
export type Integral = number | bigint | IntegerArray | readonly Integral[];
/** What the logical operations take. */
export type Logical = boolean | Numeric | readonly Logical[];
/** A value and its position: `[value, index]` or `{ value, index }`, or an array of them. */
export type Located = readonly number[] | { value: number | bigint; index: number } | readonly Located[];
/** What any of the built-in operations takes. */
export type Reducible = Logical | Located;

/**
 * An operation of `reduce`, `allreduce`, `reduceScatter`, `scan` and `exscan` on values of type `Value`.
 * The built-in ones are below; {@link createOp} makes more.
 */
export interface Op<in Value = never> {
  /** Name in error messages. */
  readonly name: string;
  /** Whether an algorithm may swap the operands. Every operation must be associative. */
  readonly commutative: boolean;
  /** Whether it is one of tsmpi's own. These have no side effects, and never throw on values that were checked. */
  readonly builtIn: boolean;
  /** Never present. Makes `Op` contravariant in `Value`, so that `allreduce("a", sum)` does not compile. */
  readonly operand?: (value: Value) => void;
}

/**
 * An operation, or a function, which must be associative and need not be commutative: operands keep the order of ranks.
 * T is inferred only from the value that is reduced.
 */
export type Reducer<T> = NoInfer<Op<T> | CombineFunction<T>>;

/** A function of two operands. Written as a method, so that narrower parameters fit: "a" | "b" where the element is string. */
export type CombineFunction<T> = { combine(a: ElementOf<T>, b: ElementOf<T>): ElementOf<T> }["combine"];

/** What an operation does for each type of operand. It does not take types that are missing. */
export interface Rule {
  /** For messages: "sum takes numbers, ...". */
  takes: string;
  number?: (x: number, y: number) => number;
  /** For arrays of 32-bit integers, where `number` would lose the low bits. */
  int32?: (x: number, y: number) => number;
  bigint?: (x: bigint, y: bigint) => bigint;
  boolean?: (x: boolean, y: boolean) => boolean;
  /** Takes only integers of 32 bits, signed or not. */
  integral?: true;
  /** For located values: whether x comes before y. */
  before?: (x: number | bigint, y: number | bigint) => boolean;
  /** The result for a single rank, as `number(x, neutral)` would give it. */
  alone?: { number: (x: number) => number; bigint: (x: bigint) => bigint };
  /** The number of its loop over typed arrays in `assembly/combine.ts`, which does what the functions here do. */
  loop?: number;
  /** A user's function: called for each element of typed arrays, and for other values as a whole. */
  any?: (x: unknown, y: unknown) => unknown;
}

/** Shared with other copies of this package: a library may bring its own. */
const rules: WeakMap<object, Rule> = shared("operations", () => new WeakMap());
/** Programs reuse the same operation, and a lookup in a WeakMap takes as long as adding a hundred numbers. */
let lastOp: object | undefined;
let lastRule: Rule | undefined;

function lookUp(op: object): Rule | undefined {
  if (op !== lastOp) {
    lastRule = rules.get(op);
    lastOp = op;
  }
  return lastRule;
}

function define<Value>(name: string, rule: Rule, commutative = true, builtIn = true): Op<Value> {
  const op: Op<Value> = Object.freeze({ name, commutative, builtIn });
  rules.set(op, rule);
  return op;
}

const numbers = "numbers, bigints, typed arrays and arrays of these";
const integers = "integers of 32 bits, bigints, integer typed arrays and arrays of these";
const truths = "booleans, numbers, bigints, typed arrays and arrays of these";
const truth: Rule["alone"] = { number: (x) => (x ? 1 : 0), bigint: (x) => (x ? 1n : 0n) };
const bits: Rule["alone"] = { number: (x) => x | 0, bigint: (x) => x };
const places = "[value, index], { value, index } and arrays of these";

// These functions are compiled into loops from their own text (see kernel.ts): they refer to nothing but x and y.
/** Addition. */
export const sum: Op<Numeric> = define("sum", {
  takes: numbers,
  loop: 0,
  number: (x, y) => x + y,
  bigint: (x, y) => x + y,
});
/** Multiplication. */
export const prod: Op<Numeric> = define("prod", {
  takes: numbers,
  loop: 1,
  number: (x, y) => x * y,
  int32: (x, y) => Math.imul(x, y),
  bigint: (x, y) => x * y,
});
/** The smallest value; NaN if there is one. */
export const min: Op<Numeric> = define("min", {
  takes: numbers,
  loop: 2,
  number: (x, y) => Math.min(x, y),
  bigint: (x, y) => (x < y ? x : y),
});
/** The largest value; NaN if there is one. */
export const max: Op<Numeric> = define("max", {
  takes: numbers,
  loop: 3,
  number: (x, y) => Math.max(x, y),
  bigint: (x, y) => (x > y ? x : y),
});
/** The smallest value and its index; of equal values the lowest index. NaN counts as smaller than everything. */
export const minloc: Op<Located> = define("minloc", {
  takes: places,
  before: (x, y) => x < y || (x !== x && y === y),
});
/** The largest value and its index; of equal values the lowest index. NaN counts as larger than everything. */
export const maxloc: Op<Located> = define("maxloc", {
  takes: places,
  before: (x, y) => x > y || (x !== x && y === y),
});
/** Logical and: a boolean for booleans, 1 or 0 for numbers. */
export const land: Op<Logical> = define("land", {
  takes: truths,
  loop: 4,
  alone: truth,
  number: (x, y) => (x && y ? 1 : 0),
  bigint: (x, y) => (x && y ? 1n : 0n),
  boolean: (x, y) => x && y,
});
/** Logical or: a boolean for booleans, 1 or 0 for numbers. */
export const lor: Op<Logical> = define("lor", {
  takes: truths,
  loop: 5,
  alone: truth,
  number: (x, y) => (x || y ? 1 : 0),
  bigint: (x, y) => (x || y ? 1n : 0n),
  boolean: (x, y) => x || y,
});
/** Logical exclusive or: a boolean for booleans, 1 or 0 for numbers. */
export const lxor: Op<Logical> = define("lxor", {
  takes: truths,
  loop: 6,
  alone: truth,
  number: (x, y) => (!x !== !y ? 1 : 0),
  bigint: (x, y) => (!x !== !y ? 1n : 0n),
  boolean: (x, y) => x !== y,
});
/** Bitwise and. For numbers the result is a signed 32-bit integer, as in JavaScript. */
export const band: Op<Integral> = define("band", {
  takes: integers,
  loop: 7,
  alone: bits,
  integral: true,
  number: (x, y) => x & y,
  bigint: (x, y) => x & y,
});
/** Bitwise or. For numbers the result is a signed 32-bit integer, as in JavaScript. */
export const bor: Op<Integral> = define("bor", {
  takes: integers,
  loop: 8,
  alone: bits,
  integral: true,
  number: (x, y) => x | y,
  bigint: (x, y) => x | y,
});
/** Bitwise exclusive or. For numbers the result is a signed 32-bit integer, as in JavaScript. */
export const bxor: Op<Integral> = define("bxor", {
  takes: integers,
  loop: 9,
  alone: bits,
  integral: true,
  number: (x, y) => x ^ y,
  bigint: (x, y) => x ^ y,
});

/** MPI's REPLACE, for windows: the new value. */
export const replace: Op<Numeric> = define(
  "replace",
  { takes: numbers, number: (_x, y) => y, bigint: (_x, y) => y },
  false,
);
/** MPI's NO_OP, for windows: the old value stays. With `getAccumulate` and `fetchAndOp` it reads atomically. */
export const noOp: Op<Numeric> = define("noOp", { takes: numbers, number: (x, _y) => x, bigint: (x, _y) => x }, false);

/**
 * Makes an operation from an associative function.
 *
 * Typed arrays are combined element by element. Other values are given to the function as they are; it may change and
 * return its first argument.
 *
 * ```ts
 * const longest = createOp<string>((a, b) => (b.length > a.length ? b : a), { name: "longest" });
 * ```
 * @param combine the function `(a, b) => c`
 * @param options `commutative`: whether the operands may be exchanged; default false, they keep the order of ranks. `name`:
 * for error messages; default the function's name
 */
export function createOp<T>(
  combine: CombineFunction<T>,
  options: { commutative?: boolean; name?: string } = {},
): Op<T> {
  checkOptions(knownOptions.createOp, options);
  const { commutative = false, name = combine.name || "function" } = options;
  return define(name, { takes: "anything", any: combine as (x: unknown, y: unknown) => unknown }, commutative, false);
}

/** The operation for a user's `op` argument. @throws MpiError `invalid-argument` */
export function asOp<T>(reducer: Reducer<T>): Op<T> {
  if (typeof reducer === "function") return createOp<T>(reducer);
  if (typeof reducer === "object" && reducer !== null && lookUp(reducer) !== undefined)
    return ownOf(reducer as Op<never>) as Op<T>;
  throw new MpiError("invalid-argument", `op is ${describe(reducer)}: give sum, max, ... or a function (a, b) => c`);
}

const builtIns: readonly Op<never>[] = [
  sum,
  prod,
  min,
  max,
  minloc,
  maxloc,
  land,
  lor,
  lxor,
  band,
  bor,
  bxor,
  replace,
  noOp,
];
const ownFunction = 15;

/** Maps a built-in operation of another copy of this package to this copy's: ranks may use either, and must agree. */
function ownOf(op: Op<never>): Op<never> {
  if (!op.builtIn || builtIns.includes(op)) return op;
  return builtIns.find(({ name }) => name === op.name) ?? op;
}

/** A number of four bits: 1 and up for the built-in operations, in a fixed order; 15 for any other function. */
export function numberOf(reducer: unknown): number {
  if (reducer === undefined) return 0;
  return builtIns.indexOf(ownOf(reducer as Op<never>)) + 1 || ownFunction;
}

/** The name for a {@link numberOf}. */
export function nameOf(number: number): string {
  return builtIns[number - 1]?.name ?? (number === ownFunction ? "a function" : "nothing");
}

/** The built-in operation for a {@link numberOf}; undefined for other numbers. */
export function opOf(number: number): Op<never> | undefined {
  return builtIns[number - 1];
}

/** What an operation does; for apply.ts. */
export function ruleOf(op: Op<never>): Rule {
  const rule = lookUp(op);
  if (rule === undefined) throw new MpiError("invalid-argument", `${describe(op)} is no operation`);
  return rule;
}
