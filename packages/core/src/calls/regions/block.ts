import { invalid, show } from "../check.ts";
import { MpiError } from "../errors.ts";
import { type InstanceCheck, instanceCheck, markInstances } from "../package-copies.ts";
import { emptyLike, isTypedArray, kindOf, type TypedArray } from "../typed-array.ts";
import { gatherElements, scatterElements, type Words, wordsOf } from "./copy.ts";
import { Layout, type Region } from "./layout.ts";

/**
 * A region of an array, as a view: it may stand wherever a typed array may be sent or filled. It copies nothing by itself, and
 * shows what is in the array at the time of the call.
 */
export interface Block<A extends TypedArray = TypedArray> {
  /** The array that it is a part of. */
  readonly array: A;
  /** Extents of the whole grid that the array holds. */
  readonly shape: readonly number[];
  /** Where the region begins in each dimension. */
  readonly start: readonly number[];
  /** How many elements it has along each dimension. */
  readonly size: readonly number[];
  /** Every n-th element belongs to it, for each dimension. */
  readonly stride: readonly number[];
  /** Number of its elements. */
  readonly length: number;

  /**
   * Gives a copy of its elements, one after the other, the last dimension running fastest.
   *
   * ```ts
   * const corner = block(Float64Array.of(1, 2, 3, 4), { shape: [2, 2], start: [1, 1] });
   * corner.toArray(); // => Float64Array.of(4)
   * ```
   * @throws MpiError `invalid-argument` where the array's memory was transferred away
   */
  toArray(): A;

  /**
   * Copies elements into it, in the same order. The source may be a block of the same array, also where the two overlap.
   *
   * ```ts
   * const matrix = new Float64Array(4);
   * block(matrix, { shape: [2, 2], size: [2, 1] }).set(Float64Array.of(5, 6));
   * matrix; // => Float64Array.of(5, 0, 6, 0)
   * ```
   * @param values as many elements of the same kind
   * @throws MpiError `mismatch` for another kind or number
   */
  set(values: A | Block<A>): void;

  /**
   * Gives all its elements one value.
   *
   * ```ts
   * const matrix = new Float64Array(4);
   * block(matrix, { shape: [2, 2], size: [1, 2] }).fill(7);
   * matrix; // => Float64Array.of(7, 7, 0, 0)
   * ```
   * @param value a number; a bigint for arrays of those
   * @throws MpiError never; an array whose memory was transferred away stays empty
   */
  fill(value: A[number]): void;
}

/** A typed array, or a region of one. */
export type ArrayOrBlock<A extends TypedArray = TypedArray> = A | Block<A>;

/** Recognises blocks: `value instanceof Block`. */
export const Block: InstanceCheck<Block> = instanceCheck("Block");

/**
 * A region of an array that holds a grid row by row: a column, an edge, every second plane. MPI's vector and subarray types.
 *
 * ```ts
 * const matrix = Float64Array.from({ length: 12 }, (_, i) => i); // 3 rows, 4 columns
 * const column = block(matrix, { shape: [3, 4], start: [0, 1], size: [3, 1] });
 * column.toArray(); // => Float64Array.of(1, 5, 9)
 * ```
 * @param array the grid, the last dimension running fastest; it may be longer
 * @param region `shape` of the grid; `start`, default 0; `size`, default the rest; `stride`, default 1; or a block: its region
 * @throws MpiError `invalid-argument` with the numbers, where the region is not within the shape, or the shape not in the array
 */
export function block<A extends TypedArray>(array: A, region: Region): Block<A> {
  if (!isTypedArray(array)) throw invalid(`block(${show(array)}): a block is a region of a typed array`);
  return new ArrayBlock(array, layoutOf(region));
}

/** Where the elements of a region lie. */
export function layoutOf(region: Region): Layout {
  return region instanceof ArrayBlock ? region.layout : new Layout(region);
}

/** The class of blocks. */
export class ArrayBlock<A extends TypedArray = TypedArray> implements Block<A> {
  static {
    markInstances(ArrayBlock, "Block");
  }

  readonly array: A;
  readonly layout: Layout;
  #words: Words | undefined;

  constructor(array: A, layout: Layout) {
    const elements = layout.gridLength;
    if (elements > array.length) {
      throw invalid(
        `the shape [${layout.shape.join(", ")}] has ${elements} elements, but the array has ${array.length}`,
      );
    }
    this.array = array;
    this.layout = layout;
  }

  get shape(): readonly number[] {
    return this.layout.shape;
  }

  get start(): readonly number[] {
    return this.layout.start;
  }

  get size(): readonly number[] {
    return this.layout.size;
  }

  get stride(): readonly number[] {
    return this.layout.stride;
  }

  get length(): number {
    return this.layout.length;
  }

  get byteLength(): number {
    return this.length * this.array.BYTES_PER_ELEMENT;
  }

  toArray(): A {
    const dense = emptyLike(this.array, this.length);
    this.gather(0, this.length, dense, 0);
    return dense;
  }

  set(values: A | Block<A>): void {
    const dense = values instanceof ArrayBlock ? values.toArray() : (values as A);
    if (!isTypedArray(dense) || kindOf(dense) !== kindOf(this.array) || dense.length !== this.length) {
      const what = isTypedArray(dense) ? `${kindOf(dense)}(${dense.length})` : show(values);
      throw new MpiError("mismatch", `set(${what}): this block has ${this.length} elements of a ${kindOf(this.array)}`);
    }
    this.scatter(0, this.length, dense.buffer === this.array.buffer ? (dense.slice() as A) : dense, 0);
  }

  fill(value: A[number]): void {
    const { array } = this;
    this.layout.lines(0, this.length, (at, step, count) => {
      if (step === 1) (array as Float64Array).fill(value as number, at, at + count);
      else for (let i = 0; i < count; i++) array[at + i * step] = value;
    });
  }

  /** Copies the elements `from` to `until` to `target`, an array of the same kind, from its element `at` on. */
  gather(from: number, until: number, target: TypedArray, at: number): void {
    gatherElements(this.layout, this.words, from, until, wordsOf(target), at);
  }

  /** Copies elements of `source`, an array of the same kind, from its element `at` on into the elements `from` to `until`. */
  scatter(from: number, until: number, source: TypedArray, at: number): void {
    scatterElements(this.layout, this.words, from, until, wordsOf(source), at);
  }

  /** The same elements as a part of the array; undefined unless they follow each other. */
  get contiguous(): A | undefined {
    const { first, end, isContiguous } = this.layout;
    return isContiguous ? (this.array.subarray(first, end) as A) : undefined;
  }

  /**
   * The memory of the array.
   * @throws MpiError where it was let go since the block was made
   */
  get words(): Words {
    if (this.array.length < this.layout.end) {
      throw new MpiError(
        "invalid-argument",
        `the array of this block has ${this.array.length} elements by now: its memory was transferred away or made smaller`,
      );
    }
    this.#words ??= wordsOf(this.array);
    return this.#words;
  }
}

/** What a call sends or fills: an array, or a block of one. */
export type Elements = TypedArray | ArrayBlock;

export function isBlock(value: unknown): value is ArrayBlock {
  return typeof value === "object" && value !== null && !ArrayBuffer.isView(value) && value instanceof Block;
}

/** The elements as a typed array: a copy for a block whose elements lie apart. */
export function dense(values: Elements): TypedArray {
  return isTypedArray(values) ? values : (values.contiguous ?? values.toArray());
}
