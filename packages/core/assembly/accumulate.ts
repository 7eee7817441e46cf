import { ofElements } from "./combine";

/**
 * `target[i] = target[i] op operand[i]`, atomically for each element, for arrays of one kind. Other processes may change the
 * target meanwhile. The old values go to `old`, unless that is 0.
 *
 * @param op, kind as in `combine`
 * @param bytes the length of each array
 */
export function accumulate(op: i32, kind: i32, target: usize, operand: usize, old: usize, bytes: usize): void {
  switch (kind) {
    case 0: return accumulateAs<i8, u8>(op, target, operand, old, bytes);
    case 1: return accumulateAs<u8, u8>(op, target, operand, old, bytes);
    case 2: return accumulateAs<i16, u16>(op, target, operand, old, bytes);
    case 3: return accumulateAs<u16, u16>(op, target, operand, old, bytes);
    case 4: return accumulateAs<i32, u32>(op, target, operand, old, bytes);
    case 5: return accumulateAs<u32, u32>(op, target, operand, old, bytes);
    case 6: return accumulateAs<f32, u32>(op, target, operand, old, bytes);
    case 7: return accumulateAs<f64, u64>(op, target, operand, old, bytes);
    case 8: return accumulateAs<i64, u64>(op, target, operand, old, bytes);
    case 9: return accumulateAs<u64, u64>(op, target, operand, old, bytes);
  }
}

/** T is the kind of the elements, W an unsigned integer of their size: processors compare and exchange integers alone. */
function accumulateAs<T, W>(op: i32, target: usize, operand: usize, old: usize, bytes: usize): void {
  for (let i: usize = 0; i < bytes; i += sizeof<T>()) {
    const operandAt: T = load<T>(operand + i);
    let seen: W = atomic.load<W>(target + i);
    for (;;) {
      const result = ofElements<T>(op, elementOf<T, W>(seen), operandAt);
      const found: W = atomic.cmpxchg<W>(target + i, seen, bitsOf<T, W>(result));
      if (found == seen) break;
      seen = found;
    }
    if (old != 0) store<W>(old + i, seen);
  }
}

// @ts-expect-error: AssemblyScript's decorator
@inline
function elementOf<T, W>(bits: W): T {
  return isFloat<T>() ? reinterpret<T>(bits) : <T>bits;
}

// @ts-expect-error: AssemblyScript's decorator
@inline
function bitsOf<T, W>(element: T): W {
  return isFloat<T>() ? reinterpret<W>(element) : <W>element;
}
