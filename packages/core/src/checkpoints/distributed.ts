import { invalid, show } from "../calls/check.ts";
import { recognise } from "../calls/package-copies.ts";
import { type ArrayOrBlock, type Elements, isBlock } from "../calls/regions/block.ts";
import { Layout } from "../calls/regions/layout.ts";
import { isTypedArray, type TypedArray } from "../calls/typed-array.ts";
import { enter } from "../wire/codec/prototype-kind.ts";

/** Which region of a global array a rank has. */
export interface DistributedPlace {
  /** Extents of the global array; the same on all ranks. */
  shape: readonly number[];
  /** Where this rank's region begins; default 0 in each dimension. */
  start?: readonly number[] | undefined;
  /**
   * Extents of this rank's region. Default: those of the block; for an array: whole in all dimensions but the first, and as long in
   * that one as the array has elements for.
   */
  size?: readonly number[] | undefined;
}

/** This rank's region of an array that all ranks have together: for `save`, and for `into` of `load`. */
export interface Distributed<A extends TypedArray = TypedArray> {
  /** The elements of the region, the last dimension running fastest. */
  readonly array: ArrayOrBlock<A>;
  /** Extents of the global array. */
  readonly shape: readonly number[];
  /** Where the region begins in each dimension. */
  readonly start: readonly number[];
  /** Extents of the region. */
  readonly size: readonly number[];
}

/**
 * Says which region of a global array this rank has, so that a checkpoint can be loaded by another number of ranks.
 *
 * ```ts
 * const store = await world.checkpoints("rows");
 * const rows = new Float64Array(2 * 6).fill(world.rank); // 2 of 8 rows
 * await store.save(1, { u: distributed(rows, { shape: [8, 6], start: [2 * world.rank, 0] }) });
 * const column = new Float64Array(8);
 * await store.load({ into: { u: distributed(column, { shape: [8, 6], start: [0, world.rank], size: [8, 1] }) } });
 * column; // => Float64Array.of(0, 0, 1, 1, 2, 2, 3, 3)
 * ```
 * @param array the elements of the region, the last dimension running fastest; a block leaves out ghosts
 * @param place `shape` of the global array; `start` and `size` of the region
 * @throws MpiError `invalid-argument` with the numbers, where the region is not within the shape or has another number of elements
 */
export function distributed<A extends TypedArray>(array: ArrayOrBlock<A>, place: DistributedPlace): Distributed<A> {
  try {
    return new DistributedArray(array as Elements, place) as unknown as Distributed<A>;
  } catch (error) {
    if (error instanceof Error) error.message = `distributed(): ${error.message}`;
    throw error;
  }
}

/** The class of it. */
export class DistributedArray {
  static {
    recognise(DistributedArray, "DistributedArray");
  }

  readonly array: Elements;
  readonly shape: readonly number[];
  readonly start: readonly number[];
  readonly size: readonly number[];

  constructor(array: Elements, place: DistributedPlace) {
    if (!isTypedArray(array) && !isBlock(array))
      throw invalid(`the array is ${show(array)}, but it is a typed array or a block`);
    if (typeof place !== "object" || place === null) {
      throw invalid(`the place is ${show(place)}, but it is { shape, start, size }`);
    }
    const stranger = Object.keys(place).find((name) => name !== "shape" && name !== "start" && name !== "size");
    if (stranger !== undefined) throw invalid(`there is no option ${stranger}; this call has shape, start, size`);
    const { shape, start } = place;
    const size = place.size ?? (isBlock(array) ? array.size : rowsOf(array, shape));
    const layout = new Layout({ shape, start: start ?? shape.map(() => 0), size });
    if (layout.length !== array.length) {
      throw invalid(`the region (${layout.text}) has ${layout.length} elements, but the array has ${array.length}`);
    }
    if (isBlock(array) && String(array.size) !== String(layout.size)) {
      throw invalid(`the region (${layout.text}) has other extents than the block, size [${array.size.join(", ")}]`);
    }
    this.array = array;
    this.shape = layout.shape;
    this.start = layout.start;
    this.size = layout.size;
  }

  /** The array, of which the elements may be a block. */
  get whole(): TypedArray {
    return isBlock(this.array) ? this.array.array : this.array;
  }
}

// In a message, or within a list of a state, it would become a plain object and lose its meaning.
enter(DistributedArray.prototype, {
  name: "DistributedArray",
  write: (): never => {
    throw invalid(
      "a distributed array stands in a state for save(), as a property of it or of an object in it; it is not sent, and not in lists",
    );
  },
  read: (): never => {
    throw invalid("a distributed array is not sent");
  },
});

/** As many whole rows as the array has elements for. */
function rowsOf(array: TypedArray, shape: readonly number[]): readonly number[] {
  if (!Array.isArray(shape) || shape.length === 0)
    throw invalid(`shape is ${show(shape)}, but it is a list of extents`);
  const [, ...others] = shape as number[];
  const row = others.reduce((a, b) => a * b, 1);
  return [row === 0 ? 0 : Math.floor(array.length / row), ...others];
}
