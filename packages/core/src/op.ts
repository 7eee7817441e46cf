import { MpiError } from "./errors.ts";
import { emptyLike, type IntegerArray, isTypedArray, kernelFor, kindOf, type Pair, type TypedArray } from "./kernel.ts";

export { type IntegerArray, isTypedArray, type TypedArray } from "./kernel.ts";

/** What an operation sees of a value: the elements of a typed array, else the value itself. */
export type ElementOf<A> = A extends BigInt64Array | BigUint64Array ? bigint : A extends TypedArray ? number : A;

export type Numeric = number | bigint | TypedArray | readonly Numeric[];
export type Integral = number | bigint | IntegerArray | readonly Integral[];
export type Logical = boolean | Numeric | readonly Logical[];
/** A value and where it was found: `[value, index]` or `{ value, index }`, or an array of them. */
export type Located = readonly number[] | { value: number | bigint; index: number } | readonly Located[];
/** Whatever one of the built-in operations takes. */
export type Reducible = Logical | Located;

/**
 * An operation of `reduce`, `allreduce`, `reduceScatter`, `scan` and `exscan` on values of type `Value`.
 * The built-in ones are below; {@link createOp} makes more.
 */
export interface Op<in Value = never> {
  readonly name: string;
  /** Whether an algorithm may exchange the operands. Every operation is taken as associative. */
  readonly commutative: boolean;
  /** Whether it is one of tsmpi's own: those have no side effects and never throw on values that {@link check} passed. */
  readonly builtIn: boolean;
  /** Never present; gives `Value` its direction, so that `allreduce("a", sum)` does not compile. */
  readonly operand?: (value: Value) => void;
}

/** An operation, or a function taken as associative but not as commutative: operands keep the order of ranks. */
export type Reducer<T> = Op<T> | ((a: ElementOf<T>, b: ElementOf<T>) => ElementOf<T>);

/** What an operation does, by type of operand. What is missing it does not take. */
interface Rule {
  /** For messages: "sum takes numbers, ...". */
  takes: string;
  number?: (x: number, y: number) => number;
  /** For kinds of 32 bits, where `number` would lose the low bits. */
  int32?: (x: number, y: number) => number;
  bigint?: (x: bigint, y: bigint) => bigint;
  boolean?: (x: boolean, y: boolean) => boolean;
  /** Only whole numbers of 32 bits, signed or not. */
  integral?: true;
  /** Chooses among located values: whether x comes before y. */
  before?: (x: number | bigint, y: number | bigint) => boolean;
  /** A user's function, for typed arrays element by element, for everything else as it is. */
  any?: (x: unknown, y: unknown) => unknown;
}

const rules: WeakMap<object, Rule> = new WeakMap();

function define<Value>(name: string, rule: Rule, commutative = true, builtIn = true): Op<Value> {
  const op: Op<Value> = Object.freeze({ name, commutative, builtIn });
  rules.set(op, rule);
  return op;
}

const numbers = "numbers, bigints, typed arrays and arrays of these";
const integers = "integers of 32 bits, bigints, integer typed arrays and arrays of these";
const truths = "booleans, numbers, bigints, typed arrays and arrays of these";
const places = "[value, index], { value, index } and arrays of these";

// These functions are compiled into loops from their own text (see kernel.ts): they refer to nothing but x and y.
export const sum: Op<Numeric> = define("sum", { takes: numbers, number: (x, y) => x + y, bigint: (x, y) => x + y });
export const prod: Op<Numeric> = define("prod", {
  takes: numbers,
  number: (x, y) => x * y,
  int32: (x, y) => Math.imul(x, y),
  bigint: (x, y) => x * y,
});
/** NaN if there is one. */
export const min: Op<Numeric> = define("min", {
  takes: numbers,
  number: (x, y) => Math.min(x, y),
  bigint: (x, y) => (x < y ? x : y),
});
/** NaN if there is one. */
export const max: Op<Numeric> = define("max", {
  takes: numbers,
  number: (x, y) => Math.max(x, y),
  bigint: (x, y) => (x > y ? x : y),
});
/** The smallest value and its index; of equal values the lowest index. NaN is smaller than everything. */
export const minloc: Op<Located> = define("minloc", {
  takes: places,
  before: (x, y) => x < y || (x !== x && y === y),
});
/** The largest value and its index; of equal values the lowest index. NaN is larger than everything. */
export const maxloc: Op<Located> = define("maxloc", {
  takes: places,
  before: (x, y) => x > y || (x !== x && y === y),
});
/** Logical and: of booleans a boolean, of numbers 1 or 0. */
export const land: Op<Logical> = define("land", {
  takes: truths,
  number: (x, y) => (x && y ? 1 : 0),
  bigint: (x, y) => (x && y ? 1n : 0n),
  boolean: (x, y) => x && y,
});
/** Logical or: of booleans a boolean, of numbers 1 or 0. */
export const lor: Op<Logical> = define("lor", {
  takes: truths,
  number: (x, y) => (x || y ? 1 : 0),
  bigint: (x, y) => (x || y ? 1n : 0n),
  boolean: (x, y) => x || y,
});
/** Logical exclusive or: of booleans a boolean, of numbers 1 or 0. */
export const lxor: Op<Logical> = define("lxor", {
  takes: truths,
  number: (x, y) => (!x !== !y ? 1 : 0),
  bigint: (x, y) => (!x !== !y ? 1n : 0n),
  boolean: (x, y) => x !== y,
});
/** Bitwise and. Of numbers the result is a signed integer of 32 bits, as in JavaScript. */
export const band: Op<Integral> = define("band", {
  takes: integers,
  integral: true,
  number: (x, y) => x & y,
  bigint: (x, y) => x & y,
});
/** Bitwise or. Of numbers the result is a signed integer of 32 bits, as in JavaScript. */
export const bor: Op<Integral> = define("bor", {
  takes: integers,
  integral: true,
  number: (x, y) => x | y,
  bigint: (x, y) => x | y,
});
/** Bitwise exclusive or. Of numbers the result is a signed integer of 32 bits, as in JavaScript. */
export const bxor: Op<Integral> = define("bxor", {
  takes: integers,
  integral: true,
  number: (x, y) => x ^ y,
  bigint: (x, y) => x ^ y,
});

/**
 * An operation from an associative function. Typed arrays are combined element by element; everything else is given
 * to the function as it is, and the function may change and return its first argument.
 *
 * ```ts
 * const longest = createOp<string>((a, b) => (b.length > a.length ? b : a), { name: "longest" });
 * ```
 * @param options.commutative whether the operands may be exchanged (default: no, they keep the order of ranks)
 */
export function createOp<T>(
  combine: (a: ElementOf<T>, b: ElementOf<T>) => ElementOf<T>,
  options: { commutative?: boolean; name?: string } = {},
): Op<T> {
  const { commutative = false, name = combine.name || "function" } = options;
  return define(name, { takes: "anything", any: combine as (x: unknown, y: unknown) => unknown }, commutative, false);
}

/** The operation that a user's `op` argument means. @throws MpiError `invalid-argument` */
export function asOp<T>(reducer: Reducer<T>): Op<T> {
  if (typeof reducer === "function") return createOp<T>(reducer);
  if (typeof reducer === "object" && reducer !== null && rules.has(reducer)) return reducer;
  throw new MpiError("invalid-argument", `op is ${describe(reducer)}: give sum, max, ... or a function (a, b) => c`);
}

/** @throws MpiError `invalid-argument` when `op` cannot take `value`, so that a rank's own mistake is told there. */
export function check(op: Op<never>, value: unknown, path = ""): void {
  const rule = ruleOf(op);
  if (rule.any !== undefined) return;
  if (Array.isArray(value) && !(rule.before && isLocated(value))) {
    for (let i = 0; i < value.length; i++) check(op, value[i], `${path}[${i}]`);
  } else if (!accepts(rule, value)) {
    const what = `${path === "" ? "the value" : `the value at ${path}`} is ${describe(value)}`;
    throw new MpiError("invalid-argument", `${op.name} takes ${rule.takes}; ${what}`);
  }
}

/** `a op b`, as a new value: typed arrays and arrays are combined element by element into a new one. */
export function apply(op: Op<never>, a: unknown, b: unknown): unknown {
  return combine(op, a, b, undefined, "");
}

/**
 * As {@link apply}, into `accumulator` where that is an array: it must be tsmpi's own. As `"first"` the accumulator is
 * the left operand, as `"second"` the right one. The result is returned; numbers cannot be changed in place.
 */
export function applyInto(op: Op<never>, accumulator: unknown, other: unknown, order: "first" | "second"): unknown {
  return order === "first"
    ? combine(op, accumulator, other, accumulator, "")
    : combine(op, other, accumulator, accumulator, "");
}

/** "number", "Float64Array(10)", "array(3)": a value's shape, for messages. */
export function describe(value: unknown): string {
  if (isTypedArray(value)) return `${kindOf(value)}(${value.length})`;
  if (Array.isArray(value)) return `array(${value.length})`;
  if (typeof value === "number" || typeof value === "boolean") return `${typeof value} ${value}`;
  if (typeof value === "bigint") return `bigint ${value}n`;
  return value === null || value === undefined ? String(value) : `a ${typeof value}`;
}

function ruleOf(op: Op<never>): Rule {
  const rule = rules.get(op);
  if (rule === undefined) throw new MpiError("invalid-argument", `${describe(op)} is no operation`);
  return rule;
}

function accepts(rule: Rule, value: unknown): boolean {
  if (rule.before !== undefined) return isLocated(value);
  if (isTypedArray(value)) return elementRule(rule, value) !== undefined;
  if (typeof value === "number") return rule.number !== undefined && (!rule.integral || isInt32(value));
  if (typeof value === "bigint") return rule.bigint !== undefined;
  return typeof value === "boolean" && rule.boolean !== undefined;
}

/** The function for the elements of a typed array, if there is one. */
function elementRule(rule: Rule, array: TypedArray): Pair | undefined {
  const kind = kindOf(array);
  if (kind.startsWith("Big")) return rule.bigint;
  if (kind.startsWith("Float")) return rule.integral ? undefined : rule.number;
  return kind.endsWith("32Array") ? (rule.int32 ?? rule.number) : rule.number;
}

function isInt32(value: number): boolean {
  return (value | 0) === value || value >>> 0 === value;
}

function isLocated(value: unknown): value is [number, number] | { value: number; index: number } {
  if (Array.isArray(value)) return value.length === 2 && isPlace(value[0], value[1]);
  return typeof value === "object" && value !== null && "value" in value && "index" in value && isPlace(value.value, value.index);
}

function isPlace(value: unknown, index: unknown): boolean {
  return (typeof value === "number" || typeof value === "bigint") && typeof index === "number";
}

function combine(op: Op<never>, a: unknown, b: unknown, out: unknown, path: string): unknown {
  const rule = ruleOf(op);
  if (typeof a === "number" && typeof b === "number" && rule.number !== undefined) return rule.number(a, b);
  if (isTypedArray(a) || isTypedArray(b)) return combineTyped(op, rule, a, b, out, path);
  if (rule.any !== undefined) return rule.any(a, b);
  if (rule.before !== undefined && isLocated(a) && isLocated(b)) return nearer(rule.before, a, b);
  if (Array.isArray(a) && Array.isArray(b)) return combineArrays(op, a, b, out, path);
  if (typeof a === "bigint" && typeof b === "bigint" && rule.bigint !== undefined) return rule.bigint(a, b);
  if (typeof a === "boolean" && typeof b === "boolean" && rule.boolean !== undefined) return rule.boolean(a, b);
  throw mismatch(op, a, b, path);
}

function combineTyped(op: Op<never>, rule: Rule, a: unknown, b: unknown, out: unknown, path: string): TypedArray {
  if (!isTypedArray(a) || !isTypedArray(b) || kindOf(a) !== kindOf(b) || a.length !== b.length) {
    throw mismatch(op, a, b, path);
  }
  const into = out === undefined ? emptyLike(a) : (out as TypedArray);
  if (rule.any !== undefined) {
    kernelFor(a)(into, a, b, rule.any);
  } else {
    const element = elementRule(rule, a);
    if (element === undefined) throw mismatch(op, a, b, path);
    kernelFor(a, element)(into, a, b, element);
  }
  return into;
}

function combineArrays(op: Op<never>, a: unknown[], b: unknown[], out: unknown, path: string): unknown[] {
  if (a.length !== b.length) throw mismatch(op, a, b, path);
  const into = out === undefined ? new Array<unknown>(a.length) : (out as unknown[]);
  for (let i = 0; i < a.length; i++) {
    into[i] = combine(op, a[i], b[i], out === undefined ? undefined : into[i], `${path}[${i}]`);
  }
  return into;
}

type Spot = [number, number] | { value: number; index: number };

/** The one that comes before the other, else the one with the lower index. A copy: results share nothing with inputs. */
function nearer(before: (x: number, y: number) => boolean, a: Spot, b: Spot): Spot {
  const [x, i] = Array.isArray(a) ? a : [a.value, a.index];
  const [y, j] = Array.isArray(b) ? b : [b.value, b.index];
  const first = before(x, y) || (!before(y, x) && i <= j);
  const spot = first ? a : b;
  return Array.isArray(spot) ? [...spot] : { ...spot };
}

function mismatch(op: Op<never>, a: unknown, b: unknown, path: string): MpiError {
  const where = path === "" ? "" : ` at ${path}`;
  return new MpiError("mismatch", `${op.name} of ${describe(a)} and ${describe(b)}${where}: ranks must give the same type and length`);
}
