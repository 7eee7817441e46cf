import { invalid, show } from "../check.ts";
import { isTypedArray, type TypedArray } from "../typed-array.ts";
import { type Block, block } from "./block.ts";
import type { Region } from "./layout.ts";

/** Options of `grid`. */
export interface GridArrayOptions {
  /** Width of the layers around the grid that hold copies of the neighbors' elements; default 0. */
  ghost?: number | undefined;
}

/** Which end of a dimension: `"low"` at index 0, `"high"` at the last one. */
export type Side = "low" | "high";

/**
 * An array as a grid: names for its usual regions. All are views of the same memory.
 *
 * ```text
 *   g g g g g g      g: ghosts(dimension, side), without the corners
 *   g e e e e g      e: edge(dimension, side), the outermost elements that are this rank's own
 *   g e . . e g      interior: e and .
 *   g e e e e g
 *   g g g g g g      shape [5, 6], ghost 1
 * ```
 */
export interface GridArray<A extends TypedArray = TypedArray> {
  /** The memory. */
  readonly array: A;
  /** Extents, ghost layers included. */
  readonly shape: readonly number[];
  /** All elements but the ghosts. */
  readonly interior: Block<A>;
  /** The edges along all dimensions, low before high: what a neighbor collective sends. */
  readonly edges: readonly Block<A>[];
  /** The ghost layers in the same order: what a neighbor collective fills. */
  readonly ghosts: readonly Block<A>[];

  /**
   * Gives the place of an element in the array.
   *
   * ```ts
   * const u = grid(new Float64Array(6), [2, 3]);
   * u.index(1, 2); // => 5
   * ```
   * @param index one index for each dimension
   * @throws MpiError `invalid-argument` outside the grid
   */
  index(...index: number[]): number;

  /**
   * Gives a row of a grid of two dimensions, ghosts included.
   *
   * ```ts
   * const u = grid(Int32Array.of(1, 2, 3, 4), [2, 2]);
   * u.row(1).toArray(); // => Int32Array.of(3, 4)
   * ```
   * @param row from 0
   * @throws MpiError `invalid-argument` outside the grid, and where there are not two dimensions
   */
  row(row: number): Block<A>;

  /**
   * Gives a column of a grid of two dimensions, ghosts included.
   *
   * ```ts
   * const u = grid(Int32Array.of(1, 2, 3, 4), [2, 2]);
   * u.column(1).toArray(); // => Int32Array.of(2, 4)
   * ```
   * @param column from 0
   * @throws MpiError `invalid-argument` outside the grid, and where there are not two dimensions
   */
  column(column: number): Block<A>;

  /**
   * Gives any other region.
   *
   * ```ts
   * const u = grid(Int32Array.of(1, 2, 3, 4), [4]);
   * u.region({ stride: [2] }).toArray(); // => Int32Array.of(1, 3)
   * ```
   * @param region `start`, `size`, `stride`; default all
   * @throws MpiError `invalid-argument` outside the grid
   */
  region(region: Omit<Region, "shape">): Block<A>;

  /**
   * Gives the outermost own elements at one end of a dimension, as thick as the ghost layer (without one: 1 thick).
   *
   * ```ts
   * const u = grid(Int32Array.of(0, 1, 2, 3, 0), [5], { ghost: 1 });
   * u.edge(0, "high").toArray(); // => Int32Array.of(3)
   * ```
   * @param dimension from 0
   * @param side `"low"` or `"high"`
   * @throws MpiError `invalid-argument` for another dimension or side
   */
  edge(dimension: number, side: Side): Block<A>;

  /**
   * Gives the ghost layer at one end of a dimension, without the corners.
   *
   * ```ts
   * const u = grid(Int32Array.of(0, 1, 2, 3, 4), [5], { ghost: 1 });
   * u.ghost(0, "high").toArray(); // => Int32Array.of(4)
   * ```
   * @param dimension from 0
   * @param side `"low"` or `"high"`
   * @throws MpiError `invalid-argument` for another dimension or side, and where the grid has no ghosts
   */
  ghost(dimension: number, side: Side): Block<A>;
}

/**
 * Names for the regions of a grid that lies in an array row by row.
 *
 * ```ts
 * const line = await world.cart([world.size, 1], { periodic: true });
 * const u = grid(new Float64Array(6 * 5), [6, 5], { ghost: 1 });
 * u.interior.fill(line.rank);
 * await line.neighborAlltoall(u.edges, { into: u.ghosts }); // a halo exchange
 * u.array[u.index(0, 2)]; // => (line.rank + 3) % 4
 * ```
 * @param array the elements, the last dimension running fastest; it may be longer
 * @param shape number of elements along each dimension, ghosts included
 * @param options `ghost`, default 0
 * @throws MpiError `invalid-argument` where the shape is not within the array, or has no room for the ghosts
 */
export function grid<A extends TypedArray>(
  array: A,
  shape: readonly number[],
  options: GridArrayOptions = {},
): GridArray<A> {
  if (!isTypedArray(array)) throw invalid(`grid(${show(array)}): a grid lies in a typed array`);
  for (const name in options) {
    if (name !== "ghost") throw invalid(`there is no option ${name}; a grid has ghost`);
  }
  const { ghost = 0 } = options;
  if (!Number.isSafeInteger(ghost) || ghost < 0) throw invalid(`ghost is ${show(ghost)}, but it is a whole number`);
  return new RegionsOfGrid(block(array, { shape }), ghost);
}

class RegionsOfGrid<A extends TypedArray> implements GridArray<A> {
  readonly array: A;
  readonly shape: readonly number[];
  readonly #ghost: number;

  constructor(whole: Block<A>, ghost: number) {
    const { array, shape } = whole;
    const narrow = shape.findIndex((extent) => extent < (ghost === 0 ? 0 : 3 * ghost));
    if (narrow >= 0) {
      throw invalid(
        `dimension ${narrow} of the shape [${shape.join(", ")}] has ${shape[narrow]} elements, but ghosts of ${ghost} on both sides and an edge as thick take ${3 * ghost}`,
      );
    }
    this.array = array;
    this.shape = shape;
    this.#ghost = ghost;
  }

  get interior(): Block<A> {
    const ghost = this.#ghost;
    return this.region({ start: this.shape.map(() => ghost), size: this.shape.map((extent) => extent - 2 * ghost) });
  }

  get edges(): readonly Block<A>[] {
    return this.#everySide((dimension, side) => this.edge(dimension, side));
  }

  get ghosts(): readonly Block<A>[] {
    return this.#everySide((dimension, side) => this.ghost(dimension, side));
  }

  index(...index: number[]): number {
    if (index.length !== this.shape.length) {
      throw invalid(`index(${index.join(", ")}): the grid has ${this.shape.length} dimensions`);
    }
    return index.reduce((place, each, dimension) => {
      const extent = this.shape[dimension] as number;
      if (Number.isInteger(each) && each >= 0 && each < extent) return place * extent + each;
      throw invalid(`index(${index.join(", ")}): dimension ${dimension} has the indices 0 to ${extent - 1}`);
    }, 0);
  }

  row(row: number): Block<A> {
    this.#checkPlane("row", row, 0);
    return this.region({ start: [row, 0], size: [1, this.shape[1] as number] });
  }

  column(column: number): Block<A> {
    this.#checkPlane("column", column, 1);
    return this.region({ start: [0, column], size: [this.shape[0] as number, 1] });
  }

  region(region: Omit<Region, "shape">): Block<A> {
    return block(this.array, { ...region, shape: this.shape });
  }

  edge(dimension: number, side: Side): Block<A> {
    const width = Math.max(1, this.#ghost);
    this.#checkSide("edge", dimension, side);
    const extent = this.shape[dimension] as number;
    return this.#layer(dimension, side === "low" ? this.#ghost : extent - this.#ghost - width, width);
  }

  ghost(dimension: number, side: Side): Block<A> {
    const width = this.#ghost;
    this.#checkSide("ghost", dimension, side);
    if (width === 0)
      throw invalid(`ghost(${dimension}, "${side}"): this grid has no ghosts; make it with { ghost: 1 }`);
    return this.#layer(dimension, side === "low" ? 0 : (this.shape[dimension] as number) - width, width);
  }

  /** The elements of the interior's extent in the other dimensions. */
  #layer(dimension: number, from: number, width: number): Block<A> {
    const ghost = this.#ghost;
    const of = (layer: number, other: (extent: number) => number): number[] =>
      this.shape.map((extent, each) => (each === dimension ? layer : other(extent)));
    return this.region({ start: of(from, () => ghost), size: of(width, (extent) => extent - 2 * ghost) });
  }

  #everySide(make: (dimension: number, side: Side) => Block<A>): Block<A>[] {
    return this.shape.flatMap((_, dimension) => [make(dimension, "low"), make(dimension, "high")]);
  }

  #checkPlane(name: string, index: number, dimension: number): void {
    if (this.shape.length !== 2)
      throw invalid(`${name}(${index}): the grid has ${this.shape.length} dimensions, not two`);
    const extent = this.shape[dimension] as number;
    if (Number.isInteger(index) && index >= 0 && index < extent) return;
    throw invalid(`${name}(${index}): this grid has the ${name}s 0 to ${extent - 1}`);
  }

  #checkSide(name: string, dimension: number, side: Side): void {
    if (!(Number.isInteger(dimension) && dimension >= 0 && dimension < this.shape.length)) {
      throw invalid(`${name}(${dimension}): the grid has the dimensions 0 to ${this.shape.length - 1}`);
    }
    if (side !== "low" && side !== "high")
      throw invalid(`${name}(${dimension}, ${show(side)}): a side is "low" or "high"`);
  }
}
