import { MpiError } from "../calls/errors.ts";
import { describe, emptyLike, isTypedArray, kindOf, type TypedArray } from "../calls/typed-array.ts";
import { kernelFor, type Pair } from "./kernel.ts";
import { type Op, type Rule, ruleOf } from "./op.ts";
import { combineInWasm } from "./wasm-loop.ts";

/**
 * @throws MpiError `invalid-argument` when `op` cannot take `value`. Checked before anything is sent, so that the error
 * appears at the rank that made the mistake.
 */
export function check(op: Op<never>, value: unknown, path = "", depth = 0): void {
  const rule = ruleOf(op);
  if (rule.any !== undefined) return;
  if (Array.isArray(value) && !(rule.before && isLocated(value))) {
    if (depth === deepest) {
      throw new MpiError(
        "invalid-argument",
        `${op.name} takes arrays nested up to ${deepest} levels deep, this value is deeper`,
      );
    }
    for (let i = 0; i < value.length; i++) check(op, value[i], `${path}[${i}]`, depth + 1);
  } else if (!accepts(rule, value)) {
    const what = `${path === "" ? "the value" : `the value at ${path}`} is ${describe(value)}`;
    throw new MpiError("invalid-argument", `${op.name} takes ${rule.takes}; ${what}`);
  }
}

/** Arrays are combined by recursion. Deeper ones would overflow the stack halfway. */
const deepest = 500;

/** `a op b` as a new value. Typed arrays and arrays are combined element by element into a new array. */
export function apply(op: Op<never>, a: unknown, b: unknown): unknown {
  return combine(op, a, b, undefined, "");
}

/**
 * Like {@link apply}, but into `accumulator` if that is an array, which must belong to tsmpi. `"first"`: the
 * accumulator is the left operand, `"second"`: the right one. Returns the result, because numbers cannot be changed in
 * place.
 */
export function applyInto(op: Op<never>, accumulator: unknown, other: unknown, order: "first" | "second"): unknown {
  return order === "first"
    ? combine(op, accumulator, other, accumulator, "")
    : combine(op, other, accumulator, accumulator, "");
}

/** {@link apply} for typed arrays, into `out`, an array of the same kind and length, which may be `a` or `b`. */
export function applyTo(op: Op<never>, out: TypedArray, a: unknown, b: unknown): void {
  combine(op, a, b, out, "");
}

/**
 * The reduction of a single value, so that one rank gives the same type of result as two. Logical operations make
 * numbers 1 or 0, bitwise ones make them signed; other values stay. `value` must belong to tsmpi: arrays are changed in
 * place.
 */
export function alone(op: Op<never>, value: unknown): unknown {
  const rule = ruleOf(op).alone;
  return rule === undefined ? value : normalised(rule, value);
}

function normalised(rule: NonNullable<Rule["alone"]>, value: unknown): unknown {
  if (typeof value === "number") return rule.number(value);
  if (typeof value === "bigint") return rule.bigint(value);
  if (isTypedArray(value)) {
    const one = kindOf(value).startsWith("Big") ? rule.bigint : rule.number;
    const array = value as { length: number; [index: number]: unknown };
    for (let i = 0; i < array.length; i++) array[i] = one(array[i] as never);
  } else if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) value[i] = normalised(rule, value[i]);
  }
  return value;
}

function accepts(rule: Rule, value: unknown): boolean {
  if (rule.before !== undefined) return isLocated(value);
  if (isTypedArray(value)) return elementRule(rule, value) !== undefined;
  if (typeof value === "number") return rule.number !== undefined && (!rule.integral || isInt32(value));
  if (typeof value === "bigint") return rule.bigint !== undefined;
  return typeof value === "boolean" && rule.boolean !== undefined;
}

/** The function for the elements of a typed array; undefined if the operation does not take them. */
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
  return (
    typeof value === "object" &&
    value !== null &&
    "value" in value &&
    "index" in value &&
    isPlace(value.value, value.index)
  );
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
    if (rule.loop === undefined || !combineInWasm(rule.loop, into, a, b)) kernelFor(a, element)(into, a, b, element);
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

/**
 * The value that comes first; of equal values the one with the lower index. Returns a copy: results share no memory
 * with inputs.
 */
function nearer(before: (x: number, y: number) => boolean, a: Spot, b: Spot): Spot {
  const [x, i] = Array.isArray(a) ? a : [a.value, a.index];
  const [y, j] = Array.isArray(b) ? b : [b.value, b.index];
  const first = before(x, y) || (!before(y, x) && i <= j);
  const spot = first ? a : b;
  return Array.isArray(spot) ? [...spot] : { ...spot };
}

function mismatch(op: Op<never>, a: unknown, b: unknown, path: string): MpiError {
  const where = path === "" ? "" : ` at ${path}`;
  return new MpiError(
    "mismatch",
    `${op.name} of ${describe(a)} and ${describe(b)}${where}: ranks must give the same type and length`,
  );
}
