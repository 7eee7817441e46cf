/** The operations, in the order of their numbers. They do what the functions of `src/ops/op.ts` do. */
const SUM = 0;
const PROD = 1;
const MIN = 2;
const MAX = 3;
const LAND = 4;
const LOR = 5;
const LXOR = 6;
const BAND = 7;
const BOR = 8;
const BXOR = 9;
/** These two are operations of windows alone. */
const REPLACE = 10;
const NO_OP = 11;

/**
 * `out[i] = a[i] op b[i]` for arrays of one kind. `out` may be `a` or `b`.
 *
 * @param kind the position in `kinds` of `src/ops/wasm-loop.ts`
 * @param bytes the length of each array
 */
export function combine(op: i32, kind: i32, out: usize, a: usize, b: usize, bytes: usize): void {
  switch (kind) {
    case 0: return combineAs<i8>(op, out, a, b, bytes);
    case 1: return combineAs<u8>(op, out, a, b, bytes);
    case 2: return combineAs<i16>(op, out, a, b, bytes);
    case 3: return combineAs<u16>(op, out, a, b, bytes);
    case 4: return combineAs<i32>(op, out, a, b, bytes);
    case 5: return combineAs<u32>(op, out, a, b, bytes);
    case 6: return combineAs<f32>(op, out, a, b, bytes);
    case 7: return combineAs<f64>(op, out, a, b, bytes);
    case 8: return combineAs<i64>(op, out, a, b, bytes);
    case 9: return combineAs<u64>(op, out, a, b, bytes);
  }
}

/** A loop for each operation: with the operation as a constant, each has only its own instructions. */
function combineAs<T>(op: i32, out: usize, a: usize, b: usize, bytes: usize): void {
  switch (op) {
    case SUM: return loop<T>(SUM, out, a, b, bytes);
    case PROD: return loop<T>(PROD, out, a, b, bytes);
    case MIN: return loop<T>(MIN, out, a, b, bytes);
    case MAX: return loop<T>(MAX, out, a, b, bytes);
    case LAND: return loop<T>(LAND, out, a, b, bytes);
    case LOR: return loop<T>(LOR, out, a, b, bytes);
    case LXOR: return loop<T>(LXOR, out, a, b, bytes);
  }
  if (isInteger<T>()) {
    switch (op) {
      case BAND: return loop<T>(BAND, out, a, b, bytes);
      case BOR: return loop<T>(BOR, out, a, b, bytes);
      case BXOR: return loop<T>(BXOR, out, a, b, bytes);
    }
  }
}

// @ts-expect-error: AssemblyScript's decorator
@inline
function loop<T>(op: i32, out: usize, a: usize, b: usize, bytes: usize): void {
  let i: usize = 0;
  if (hasVector<T>(op)) {
    for (const whole = bytes & ~15; i < whole; i += 16) {
      v128.store(out + i, ofVectors<T>(op, v128.load(a + i), v128.load(b + i)));
    }
  }
  for (; i < bytes; i += sizeof<T>()) store<T>(out + i, ofElements<T>(op, load<T>(a + i), load<T>(b + i)));
}

/** Whether WebAssembly has this operation for sixteen bytes at once. */
// @ts-expect-error: AssemblyScript's decorator
@inline
function hasVector<T>(op: i32): bool {
  if (op == SUM || op >= BAND) return true;
  if (op == PROD) return sizeof<T>() > 1;
  return (op == MIN || op == MAX) && (isFloat<T>() || sizeof<T>() < 8);
}

// @ts-expect-error: AssemblyScript's decorator
@inline
function ofVectors<T>(op: i32, x: v128, y: v128): v128 {
  if (op == SUM) return v128.add<T>(x, y);
  if (op == PROD) {
    if (sizeof<T>() > 1) return v128.mul<T>(x, y);
  } else if (isFloat<T>() || sizeof<T>() < 8) {
    if (op == MIN) return v128.min<T>(x, y);
    if (op == MAX) return v128.max<T>(x, y);
  }
  if (op == BAND) return v128.and(x, y);
  if (op == BOR) return v128.or(x, y);
  return v128.xor(x, y);
}

// @ts-expect-error: AssemblyScript's decorator
@inline
export function ofElements<T>(op: i32, x: T, y: T): T {
  if (op == REPLACE) return y;
  if (op == NO_OP) return x;
  if (op == SUM) return x + y;
  if (op == PROD) return x * y;
  if (op == MIN) return isFloat<T>() ? min<T>(x, y) : x < y ? x : y;
  if (op == MAX) return isFloat<T>() ? max<T>(x, y) : x > y ? x : y;
  if (op == LAND) return <T>(isTrue<T>(x) && isTrue<T>(y));
  if (op == LOR) return <T>(isTrue<T>(x) || isTrue<T>(y));
  if (op == LXOR) return <T>(isTrue<T>(x) != isTrue<T>(y));
  if (isInteger<T>()) {
    if (op == BAND) return x & y;
    if (op == BOR) return x | y;
    return x ^ y;
  }
  return x;
}

/** As in JavaScript: NaN is false. */
// @ts-expect-error: AssemblyScript's decorator
@inline
function isTrue<T>(x: T): bool {
  return x != <T>0 && x == x;
}
