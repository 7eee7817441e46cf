import { ArrayBlock } from "../calls/regions/block.ts";
import type { TypedArray } from "../calls/typed-array.ts";
import { emptyLike, kindOf } from "../calls/typed-array.ts";
import { applyTo } from "../ops/apply.ts";
import { noOp, type Op, replace, ruleOf } from "../ops/op.ts";
import { wasmKindOf } from "../ops/wasm-loop.ts";
import type { AtomicLoops, SharedParts } from "../wire/transport.ts";
import type { Span } from "./span.ts";

/** A class of typed arrays. */
export interface ArrayKind<A extends TypedArray = TypedArray> {
  /**
   * Makes an array of zeros.
   * @param length number of elements
   */
  new (length: number): A;
  /**
   * Makes a view of memory.
   * @param buffer the memory
   * @param byteOffset where it begins there
   * @param length number of elements
   */
  new (buffer: ArrayBuffer, byteOffset: number, length: number): A;
  /** Its name, such as "Float64Array". */
  readonly name: string;
  /** Bytes of an element. */
  readonly BYTES_PER_ELEMENT: number;
}

/** Integers of the size of the elements: processors compare and exchange integers alone. */
type Bits = Uint8Array | Uint16Array | Int32Array | BigInt64Array;

/**
 * One rank's part of a window, in memory that this rank can reach. Operations on an element are atomic between the ranks that share
 * the memory.
 */
export class Part {
  readonly array: TypedArray;
  readonly #loops: AtomicLoops | undefined;
  /** Only this thread uses the memory. */
  readonly #isPrivate: boolean;
  readonly #bits: Bits;
  /** Two elements, to make bits of values and values of bits. */
  readonly #two: TypedArray;
  readonly #twoBits: Bits;
  readonly #operands: TypedArray | undefined;
  readonly #old: TypedArray | undefined;
  readonly #kind: number;

  constructor(bytes: Uint8Array<ArrayBuffer>, Kind: ArrayKind, { loops, isPrivate }: SharedParts) {
    this.array = viewOf(bytes, Kind);
    this.#isPrivate = isPrivate;
    this.#bits = bitsOf(this.array);
    this.#two = new Kind(2);
    this.#twoBits = bitsOf(this.#two);
    this.#kind = wasmKindOf(this.array);
    if (loops === undefined || this.#kind < 0) return;
    this.#loops = loops;
    this.#operands = viewOf(loops.operands, Kind);
    this.#old = viewOf(loops.old, Kind);
  }

  /** Copies the elements `from` to `until` of the span to `target`, an array of the same kind, from its element `at` on. */
  read({ first, layout }: Span, from: number, until: number, target: TypedArray, at: number): void {
    if (layout !== undefined) new ArrayBlock(this.array, layout).gather(from, until, target, at);
    else set(target, sub(this.array, first + from, first + until), at);
  }

  /** The reverse: copies elements of `source`, from its element `at` on. */
  write({ first, layout }: Span, from: number, until: number, source: TypedArray, at: number): void {
    if (layout !== undefined) new ArrayBlock(this.array, layout).scatter(from, until, source, at);
    else set(this.array, sub(source, at, at + until - from), first + from);
  }

  /**
   * `element = element op operand` for the elements `from` to `until` of the span. Operands begin at `at` of `operands`. Old values go
   * to `old`, from its element `at` on.
   */
  accumulate(
    op: Op<never>,
    { first, layout }: Span,
    from: number,
    until: number,
    operands: TypedArray,
    at: number,
    old?: TypedArray,
  ): void {
    if (layout === undefined) this.#accumulateLine(op, first + from, until - from, operands, at, old);
    else {
      layout.lines(from, until, (place, step, count, done) => {
        if (step === 1) this.#accumulateLine(op, place, count, operands, at + done, old);
        else {
          for (let i = 0; i < count; i++) this.#accumulateLine(op, place + i * step, 1, operands, at + done + i, old);
        }
      });
    }
  }

  /** Changes one element and returns its old value. */
  fetchAndOp(op: Op<never>, at: number, value: number | bigint): number | bigint {
    const change = atomics[op.name];
    if (change !== undefined && hasAtomics(this.array)) return change(this.array as Int32Array, at, value as number);
    const two = this.#two as Float64Array;
    two[0] = value as number;
    this.accumulate(op, { first: at, count: 1, layout: undefined }, 0, 1, two, 0, this.#two);
    return two[0] as number;
  }

  /** Replaces an element that has these bits, and returns the old value. */
  compareAndSwap(at: number, expected: number | bigint, replacement: number | bigint): number | bigint {
    const two = this.#two as Float64Array;
    const bits = this.#twoBits as Int32Array;
    two[0] = expected as number;
    two[1] = replacement as number;
    bits[0] = Atomics.compareExchange(this.#bits as Int32Array, at, bits[0] as number, bits[1] as number);
    return two[0] as number;
  }

  #accumulateLine(
    op: Op<never>,
    place: number,
    count: number,
    operands: TypedArray,
    at: number,
    old: TypedArray | undefined,
  ): void {
    if (this.#isPrivate) this.#accumulatePrivate(op, place, count, operands, at, old);
    else if (this.#loops === undefined) this.#accumulateEach(op, place, count, operands, at, old);
    else this.#accumulateInWasm(this.#loops, op, place, count, operands, at, old);
  }

  #accumulatePrivate(
    op: Op<never>,
    place: number,
    count: number,
    operands: TypedArray,
    at: number,
    old: TypedArray | undefined,
  ): void {
    const elements = sub(this.array, place, place + count);
    const values = old === operands ? operands.slice(at, at + count) : sub(operands, at, at + count);
    if (old !== undefined) set(old, elements, at);
    if (op === replace) set(elements, values, 0);
    else if (op !== noOp) applyTo(op, elements, elements, values);
  }

  #accumulateInWasm(
    loops: AtomicLoops,
    op: Op<never>,
    place: number,
    count: number,
    operands: TypedArray,
    at: number,
    old: TypedArray | undefined,
  ): void {
    const block = this.#operands as TypedArray;
    const { byteOffset, BYTES_PER_ELEMENT: size } = this.array;
    const loop = loopOf(op);
    for (let done = 0; done < count; done += block.length) {
      const some = Math.min(block.length, count - done);
      if (some === 1) block[0] = operands[at + done] as number;
      else set(block, sub(operands, at + done, at + done + some), 0);
      loops.accumulate(loop, this.#kind, byteOffset + (place + done) * size, some * size, old !== undefined);
      if (old !== undefined) set(old, sub(this.#old as TypedArray, 0, some), at + done);
    }
  }

  /** Element by element, with JavaScript's atomics: for kinds that WebAssembly has not, and where there is none. */
  #accumulateEach(
    op: Op<never>,
    place: number,
    count: number,
    operands: TypedArray,
    at: number,
    old: TypedArray | undefined,
  ): void {
    const all = this.#bits as Int32Array;
    const two = emptyLike(this.array, 2) as Int32Array;
    const bits = bitsOf(two) as Int32Array;
    const [before, after] = [sub(two, 0, 1), sub(two, 1, 2)];
    for (let i = 0; i < count; i++) {
      const value = sub(operands, at + i, at + i + 1);
      let seen = Atomics.load(all, place + i);
      for (;;) {
        bits[0] = seen;
        if (op === replace) two[1] = value[0] as number;
        else if (op === noOp) two[1] = two[0] as number;
        else applyTo(op, after, before, value);
        const found = Atomics.compareExchange(all, place + i, seen, bits[1] as number);
        if (found === seen) break;
        seen = found;
      }
      if (old !== undefined) old[at + i] = two[0] as number;
    }
  }
}

/** The operations of processors on one element, which return the old value. */
const atomics: Readonly<Record<string, (array: Int32Array, at: number, value: number) => number>> = {
  sum: (array, at, value) => Atomics.add(array, at, value),
  band: (array, at, value) => Atomics.and(array, at, value),
  bor: (array, at, value) => Atomics.or(array, at, value),
  bxor: (array, at, value) => Atomics.xor(array, at, value),
  replace: (array, at, value) => Atomics.exchange(array, at, value),
  noOp: (array, at) => Atomics.load(array, at),
};

/** The number of the operation's loop in `assembly/combine.ts`. */
function loopOf(op: Op<never>): number {
  if (op === replace) return 10;
  if (op === noOp) return 11;
  return ruleOf(op).loop as number;
}

function hasAtomics(array: TypedArray): boolean {
  const kind = kindOf(array);
  return !kind.startsWith("Float") && kind !== "Uint8ClampedArray";
}

export function viewOf({ buffer, byteOffset, byteLength }: Uint8Array<ArrayBuffer>, Kind: ArrayKind): TypedArray {
  return new Kind(buffer, byteOffset, byteLength / Kind.BYTES_PER_ELEMENT);
}

/** The memory of an array as integers. */
function bitsOf({ buffer, byteOffset, byteLength, BYTES_PER_ELEMENT: size }: TypedArray): Bits {
  if (size === 1) return new Uint8Array(buffer, byteOffset, byteLength);
  if (size === 2) return new Uint16Array(buffer, byteOffset, byteLength / 2);
  if (size === 4) return new Int32Array(buffer, byteOffset, byteLength / 4);
  return new BigInt64Array(buffer, byteOffset, byteLength / 8);
}

// The union of the kinds of arrays cannot express that both sides are of the same kind.
function set(target: TypedArray, source: TypedArray, at: number): void {
  (target as Float64Array).set(source as Float64Array, at);
}

function sub(array: TypedArray, from: number, until: number): TypedArray {
  return (from === 0 && until === array.length ? array : array.subarray(from, until)) as TypedArray;
}
